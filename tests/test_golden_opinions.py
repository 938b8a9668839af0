"""What the engines' own schemas, models and loaders think of every golden manifest."""

import inspect
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import airflow_local
import argo_schema
import example_runs
from golden_files import GOLDEN

CODE = ".configmap.yaml"


def files(target: str) -> list[Path]:
    """Return the golden manifests of every example for `target`."""
    found = [path for path in sorted(GOLDEN.glob(f"*/{target}/*")) if CODE not in path.name]
    assert {path.parent.parent.name for path in found} == set(example_runs.NAMES)
    return found


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_argo_knows_every_field() -> None:
    for path in files("argo"):
        for document in documents(path):
            assert argo_schema.errors(document) == [], path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_hera_reads_every_argo_object() -> None:
    from hera.workflows import models

    for path in files("argo"):
        for document in documents(path):
            read = getattr(models, document["kind"]).model_validate(document)
            assert read.metadata.name == document["metadata"]["name"]


@pytest.mark.kubeflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_kfp_reads_every_kubeflow_pipeline() -> None:
    from google.protobuf import json_format
    from kfp import components
    from kfp.pipeline_spec import pipeline_spec_pb2

    for path in files("kubeflow"):
        if path.name.endswith(".recurring-run.yaml"):
            continue
        loaded = components.load_component_from_file(str(path))
        specification, *platforms = documents(path)
        message = json_format.ParseDict(specification, pipeline_spec_pb2.PipelineSpec())
        assert loaded.pipeline_spec == message
        assert set(message.deployment_spec["executors"]) == {
            component["executorLabel"]
            for component in specification["components"].values()
            if "executorLabel" in component
        }
        for platform in platforms:
            json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())


@pytest.mark.kubeflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_kfp_takes_every_recurring_run() -> None:
    import kfp

    recurring = [path for path in files("kubeflow") if path.name.endswith(".recurring-run.yaml")]
    assert recurring
    for path in recurring:
        (given,) = documents(path)
        signature = inspect.signature(kfp.Client.create_recurring_run)
        signature.bind("the client", experiment_id="an experiment", **given)
        assert (path.parent / given["pipeline_package_path"]).is_file()


@pytest.mark.airflow
def test_airflow_loads_every_dag(tmp_path: Path) -> None:
    for path in files("airflow"):
        shutil.copy(path, tmp_path)
    loaded = airflow_local.load(tmp_path)
    assert loaded["errors"] == {}
    assert len(loaded["dags"]) == len(example_runs.NAMES)
