"""`headrace submit` on a real Airflow: from a file to the result, as a user has it."""

import json
import sysconfig
from pathlib import Path

import pytest

import example_runs
from airflow_service.service import Airflow
from airflow_service.settings import OTHERS
from cluster.images import STEP
from headrace.compiler.cli import main

pytestmark = pytest.mark.cluster

FILE = example_runs.FOLDER / "digits.py"


def test_digits_gives_what_a_run_here_gives(
    airflow: Airflow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # The code travels in ConfigMaps; what it imports lies on the node, in place of an image.
    folder = airflow.settings.runs / OTHERS
    folder.mkdir()
    pod = {"image": None, "working_folder": None, "packages": sysconfig.get_path("purelib")}
    (folder / "pod.json").write_text(json.dumps(pod))
    monkeypatch.setenv("KUBECONFIG", str(airflow.settings.kubeconfig))
    monkeypatch.setenv("HEADRACE_AIRFLOW_URL", airflow.settings.url)
    code = main(
        [
            *("submit", str(FILE), "--target", "airflow", "--wait", "--json"),
            *("--dags-folder", str(airflow.settings.dags), "-n", airflow.settings.namespace),
            *("--set", f"image={STEP}", "--set", "code=inline"),
            *("--store", (folder / "store").as_uri()),
        ]
    )
    out, err = capfd.readouterr()
    assert code == 0, err
    there = json.loads(out)
    assert there["state"] == "succeeded"
    assert there["result"] == example_runs.local_result(FILE, {}, tmp_path)
