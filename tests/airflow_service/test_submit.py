"""`headrace submit` on a real Airflow: from a file to the result, as a user has it."""

import json
import sysconfig
from pathlib import Path

import pytest

import example_runs
from airflow_service.service import Airflow
from airflow_service.settings import OTHERS
from cluster.images import STEP

pytestmark = pytest.mark.cluster

FILE = example_runs.FOLDER / "digits.py"


def test_digits_gives_what_a_run_here_gives(
    airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The code travels in ConfigMaps; what it imports lies on the node, in place of an image.
    folder = airflow.settings.runs / OTHERS
    folder.mkdir()
    pod = {"image": None, "working_folder": None, "packages": sysconfig.get_path("purelib")}
    (folder / "pod.json").write_text(json.dumps(pod))
    monkeypatch.setenv("KUBECONFIG", str(airflow.settings.kubeconfig))
    monkeypatch.setenv("HEADRACE_AIRFLOW_URL", airflow.settings.url)
    there = example_runs.submitted_result(
        FILE,
        *("--target", "airflow", "-n", airflow.settings.namespace),
        *("--dags-folder", str(airflow.settings.dags)),
        *("--set", f"image={STEP}", "--set", "code=inline"),
        *("--store", (folder / "store").as_uri()),
    )
    assert there == example_runs.local_result(FILE, {}, tmp_path)
