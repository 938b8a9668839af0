"""`headrace submit` of an example on real engines: from a file to the result, as a user has it.

That on Airflow, which is started for tests, is in `tests/airflow_service`.
"""

import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import example_runs
from cluster.images import STEP
from conformance.engines import argo, kubeflow
from conformance.engines.engine import NotThere
from conformance.engines.volume import Volume

FILE = example_runs.FOLDER / "digits.py"


@pytest.fixture(
    params=[
        pytest.param("argo", marks=pytest.mark.argo),
        pytest.param("kubeflow", marks=pytest.mark.kubeflow_server),
    ],
)
def options(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Return the options that lead to an engine, and give steps a store and what they import.

    The code travels in ConfigMaps. The packages, which an image would have, are those of this
    environment, and the store is a folder of this machine: two volumes.
    """
    with ExitStack() as stack:
        try:
            where, api, namespace = _entered(stack, request.param)
        except NotThere as error:
            pytest.skip(f"NOT RUN: headrace submit of digits on {request.param}: {error}")
        store = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-store-")))
        packages = Path(sysconfig.get_path("purelib"))
        mounted = {
            str(folder): {"pvc": stack.enter_context(Volume(api, namespace, folder)).name}
            for folder in (store, packages)
        }
        settings = {
            "image": STEP,
            "code": "inline",
            "defaults.volumes": _toml(mounted),
            "defaults.env.PYTHONPATH": str(packages),
        }
        given = [f"--set={key}={value}" for key, value in settings.items()]
        yield [*where, *given, "--store", store.as_uri()]


def test_digits_gives_what_a_run_here_gives(options: list[str], tmp_path: Path) -> None:
    there = example_runs.submitted_result(FILE, *options)
    assert there == example_runs.local_result(FILE, {}, tmp_path)


def _entered(stack: ExitStack, name: str) -> tuple[list[str], Any, str]:
    """Return the options that lead to the engine, a client of its cluster, and its namespace.

    Raises:
        NotThere: there is no such engine here.
    """
    if name == "argo":
        found = stack.enter_context(argo.argo())
        return ["--target", "argo", "-n", found.namespace], found.api.client, found.namespace
    installation = stack.enter_context(kubeflow.kubeflow())
    where = ["--target", "kubeflow", "--server", installation.host]
    return where, installation.volume.api, kubeflow.NAMESPACE


def _toml(volumes: dict[str, dict[str, str]]) -> str:
    return "{" + ", ".join(f'"{p}" = {{pvc = "{v["pvc"]}"}}' for p, v in volumes.items()) + "}"
