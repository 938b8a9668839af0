"""Runs on Airflow from the command line, through its REST API."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.suite import FOLDER
from fake_airflow import RUNS, FakeAirflow, recorded
from fake_argo import NAMESPACE, FakeArgo, kubeconfig
from fake_server import Answer, FakeServer, Request, serving
from headrace.compiler.cli import main
from headrace.compiler.engine import Connection
from headrace.targets.airflow.rest import Rest
from headrace.targets.airflow.task_log import last_words

IMAGE = ("--set", "image=registry.example.org/conformance:1")
DONE = f"airflow/{RUNS['a_step']}"
FAILED = f"airflow/{RUNS['map_one_item_fails']}"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def airflow(tmp_path: Path) -> FakeAirflow:
    folder = tmp_path / "dags"
    folder.mkdir()
    return FakeAirflow(folder)


@pytest.fixture
def server(airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """The environment that leads to `airflow`."""
    with serving(airflow) as server:
        monkeypatch.setenv("HEADRACE_AIRFLOW_URL", f"{server.url}/")
        yield server


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    server: FakeServer,
) -> Run:
    """Return a function that runs `headrace` without waiting between two looks."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"HEADRACE_AIRFLOW_{name}", raising=False)
    monkeypatch.setattr("headrace.compiler.cli.waiting._FIRST_PAUSE", 0.0)
    monkeypatch.setattr("headrace.targets.airflow.delivery._PAUSE", 0.0)

    def run_headrace(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run_headrace


def submit(run: Run, *more: str, case: str = "a_step") -> tuple[int, str, str]:
    file = str(FOLDER / f"{case}.py")
    return run("submit", file, "--target", "airflow", *IMAGE, *more)


def test_a_dag_is_written_and_a_run_gives_the_object_of_a_local_run(
    run: Run, airflow: FakeAirflow
) -> None:
    airflow.looks_until_it_reads = 3
    code, out, err = submit(run, "--dags-folder", "dags", "--wait", "--json")
    here = json.loads(run("run", str(FOLDER / "a_step.py"), "--json")[1])
    there = json.loads(out)
    assert (code, there["state"], there["result"]) == (0, here["state"], here["result"])
    assert (list(there), there["run"]) == (list(here), DONE)
    [step], [local] = there["steps"], here["steps"]
    assert {**step, "seconds": 0} == {**local, "seconds": 0}
    assert "add: succeeded in 18.2 s" in err
    assert [path.name for path in airflow.folder.iterdir()] == ["a_step.py"]


def test_a_dag_that_is_there_is_run_with_its_parameters(run: Run, airflow: FakeAirflow) -> None:
    case = "map_one_item_fails"
    assert submit(run, "--dags-folder", "dags", case=case)[0] == 0
    code, out, _ = submit(run, "--param", "xs=[4]", "--store", "file:///mnt", case=case)
    assert (code, out) == (0, f"{FAILED}\n")
    conf = {"xs": "[4]", "headrace_store": "file:///mnt"}
    assert airflow.changes[-1].body == {"logical_date": None, "conf": conf}


def test_only_what_was_compiled_is_run(run: Run, airflow: FakeAirflow) -> None:
    code, out, err = submit(run)
    assert (code, out) == (1, "")
    assert "has no DAG 'a-step'" in err
    assert "give --dags-folder DIR" in err
    assert submit(run, "--dags-folder", "dags")[0] == 0
    code, _, err = submit(run, "--set", "image=another")
    assert code == 1
    assert "has another version of the DAG 'a-step'" in err
    airflow.paused = True
    code, _, err = submit(run)
    assert code == 1
    assert "airflow dags unpause a-step" in err
    assert len(airflow.changes) == 1


def test_import_errors_are_shown(run: Run, airflow: FakeAirflow) -> None:
    airflow.looks_until_it_reads = 10**6
    error = {
        "import_error_id": 1,
        "timestamp": "2026-11-27T19:00:00Z",
        "filename": "dags/a_step.py",
        "bundle_name": "dags-folder",
        "stack_trace": "ModuleNotFoundError: No module named 'kubernetes'\n",
    }
    airflow.import_errors = [error]
    code, _, err = submit(run, "--dags-folder", "dags")
    assert code == 1
    assert "cannot import a_step.py:\nModuleNotFoundError: No module named 'kubernetes'" in err


def test_a_store_that_a_dag_would_not_see_is_refused(run: Run, airflow: FakeAirflow) -> None:
    store = ("--set", "store=/mnt")
    airflow.answers["/dags/a-step/details"]["params"] = {}
    assert submit(run, *store, "--dags-folder", "dags")[0] == 0
    code, _, err = submit(run, *store, "--store", "/other")
    assert code == 1
    assert "takes no other store than that of its configuration" in err


def test_a_failed_run_says_the_exception(run: Run) -> None:
    code, out, _ = run("status", FAILED)
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert ["message", "picky[1]:", "ValueError:", "item", "2"] in rows
    place = "map_one_item_fails.py:17"
    assert ["picky[1]", "failed", "1", "15.8", place, "ValueError:", "item", "2"] in rows
    assert not any(row[:1] == ["result-list"] for row in rows)
    code, out, err = run("result", FAILED, "--json")
    found = json.loads(out)
    assert (code, found["state"], found["result"]) == (1, "failed", None)
    assert found["steps"][2] == {
        "id": "picky[1]",
        "function": "map_one_item_fails:picky",
        "state": "failed",
        "attempts": 1,
        "seconds": 15.773,
    }
    assert err.endswith("failed: picky[1]: ValueError: item 2\n")


def test_logs_are_those_of_the_containers(run: Run) -> None:
    code, out, _ = run("logs", FAILED, "--step", "picky[1]")
    lines = out.splitlines()
    prefix = "map_one_item_fails.py:17 picky[1] | "
    assert code == 0
    assert all(line.startswith(prefix) for line in lines)
    assert lines[-1] == f"{prefix}ValueError: item 2"
    assert lines[0] == f"{prefix}Traceback (most recent call last):"
    assert run("logs", FAILED, "--step", "picky", "--follow")[1] == out
    assert run("logs", DONE)[:2] == (0, "")


def test_a_result_is_read(run: Run) -> None:
    assert run("result", DONE)[:2] == (0, "3\n")


def test_runs_are_cancelled_by_failing_them(run: Run, airflow: FakeAirflow) -> None:
    code, _, err = run("cancel", DONE)
    assert code == 1
    assert "has ended" in err
    [run_path] = [path for path in airflow.answers if path.endswith("04.847436%2B00%3A00")]
    airflow.answers[run_path]["state"] = "running"
    assert run("cancel", DONE)[:2] == (0, f"cancelled {DONE}\n")
    assert airflow.answers[run_path]["state"] == "failed"
    rows = [line.split() for line in run("status", DONE)[1].splitlines()]
    assert ["message", "cancelled", "with", "headrace"] in rows


RETURNED = ("AirflowException", "Pod train-x1 returned a failure.")
SIDECAR = "Xcom sidecar container is already terminated!"
NOT_FOUND = """(404)
Reason: Not Found
HTTP response body: {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":\
"pods \\"train-x1\\" not found","reason":"NotFound","details":{"name":"train-x1","kind":"pods"},\
"code":404}
"""


@pytest.mark.parametrize(
    ("exceptions", "told"),
    [
        ([("AirflowException", f"{RETURNED[1]}\nValueError: no data")], "ValueError: no data"),
        ([RETURNED], "the pod ended without a word"),
        ([RETURNED, ("NotFoundException", NOT_FOUND)], "pod deleted"),
        ([RETURNED, ("AirflowException", f"{SIDECAR} Not possible.")], "the pod was ended"),
        (
            [RETURNED, ("AirflowTaskTimeout", "Timeout, PID: 8144")],
            "the step took longer than its timeout",
        ),
        ([("AirflowRescheduleException", "")], "AirflowRescheduleException"),
    ],
)
def test_what_a_task_log_tells_of_a_fault(
    exceptions: list[tuple[str, str]], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exceptions are those that Airflow 3.3.2 had when the faults were made to happen."""
    monkeypatch.setenv("HEADRACE_AIRFLOW_TOKEN", "token")
    details = [{"exc_type": name, "exc_value": text} for name, text in exceptions]
    content = [{"event": "Task failed with exception", "error_detail": details}]
    with serving(lambda request: Answer({"content": content})) as airflow:
        rest = Rest(Connection(server=airflow.url))
        assert last_words(rest, "/log") == told


def test_runs_of_others_are_not_listed(run: Run) -> None:
    listed = json.loads(run("list", "--target", "airflow", "--json")[1])
    assert [each["run"] for each in listed] == [FAILED, DONE]
    assert run("list", "--target", "airflow", "--limit", "1")[1].count("airflow/") == 1


def test_who_we_are_stands_in_the_environment(
    run: Run, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch, server: FakeServer
) -> None:
    airflow.lets_everybody_in = False
    code, _, err = run("result", DONE)
    assert code == 1
    assert "asks who we are" in err
    assert "set HEADRACE_AIRFLOW_TOKEN, or HEADRACE_AIRFLOW_USERNAME and" in err
    monkeypatch.setenv("HEADRACE_AIRFLOW_USERNAME", "ada")
    monkeypatch.setenv("HEADRACE_AIRFLOW_PASSWORD", "wrong")
    assert "Invalid credentials" in run("result", DONE)[2]
    monkeypatch.setenv("HEADRACE_AIRFLOW_PASSWORD", "lovelace")
    assert run("result", DONE)[1] == "3\n"
    monkeypatch.setenv("HEADRACE_AIRFLOW_TOKEN", "old")
    assert "Invalid JWT token" in run("result", DONE)[2]
    monkeypatch.setenv("HEADRACE_AIRFLOW_TOKEN", "secret")
    assert run("result", DONE)[1] == "3\n"


def test_a_token_that_has_expired_is_renewed(airflow: FakeAirflow, server: FakeServer) -> None:
    from headrace.compiler.engine import Connection
    from headrace.targets.airflow.client import connect

    client = connect(Connection())
    assert client.status(RUNS["a_step"]).state == "succeeded"
    airflow.tokens = set()
    tokens = airflow.tokens

    def renewed(_: Request) -> None:
        tokens.add("secret")

    server.requests = _Watched(renewed)
    assert client.status(RUNS["a_step"]).state == "succeeded"


class _Watched(list[Request]):
    """Calls a function when a token is asked for."""

    def __init__(self, on_token: Callable[[Request], None]) -> None:
        super().__init__()
        self._on_token = on_token

    def append(self, request: Request) -> None:
        super().append(request)
        if request.path == "/auth/token":
            self._on_token(request)


def test_errors_say_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def error(*arguments: str) -> str:
        code, out, err = run(*arguments)
        assert (code, out) == (1, "")
        return err

    assert "write airflow/DAG/RUN" in error("status", "airflow/a-step")
    assert "has no run 'x' of the DAG 'a-step'" in error("status", "airflow/a-step/x")
    assert "write https://HOST" in error("list", "-t", "airflow", "--server", "localhost:8080")
    monkeypatch.delenv("HEADRACE_AIRFLOW_URL")
    assert "set HEADRACE_AIRFLOW_URL, or give --server" in error("list", "-t", "airflow")
    monkeypatch.setitem(sys.modules, "requests", None)
    nobody = ("--server", "http://127.0.0.1:1")
    assert 'pip install "headrace[airflow]"' in error("list", "-t", "airflow", *nobody)


@pytest.mark.airflow
def test_airflow_knows_what_it_is_asked(run: Run, server: FakeServer, airflow: FakeAirflow) -> None:
    import airflow_openapi

    assert submit(run, "--dags-folder", "dags", "--wait")[0] == 0
    assert run("logs", FAILED)[0] == 0
    assert run("list", "--target", "airflow")[0] == 0
    [path] = [path for path in airflow.answers if path.endswith("04.847436%2B00%3A00")]
    airflow.answers[path]["state"] = "running"
    assert run("cancel", DONE)[0] == 0
    asked = [r for r in server.requests if r.path.startswith("/api/")]
    assert len({(r.method, r.path) for r in asked}) > 12
    for request in asked:
        airflow_openapi.judge_request(request)


@pytest.mark.airflow
@pytest.mark.parametrize("case", list(RUNS))
def test_recorded_answers_are_those_of_this_airflow(case: str) -> None:
    import airflow_openapi

    judged = 0
    for path, answer in recorded(case).items():
        if set(answer) != {"detail"}:
            airflow_openapi.judge_answer(f"/api/v2{path.partition('?')[0]}", answer)
            judged += 1
    assert judged > 6


def test_code_that_travels_is_applied_where_pods_run(
    run: Run, airflow: FakeAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inline = ("submit", str(FOLDER / "a_step.py"), "-t", "airflow", "--dags-folder", "dags")
    code, _, err = run(*inline)
    assert code == 1
    assert "need a-step.configmap.yaml and headrace-step.configmap.yaml" in err
    assert not any(airflow.folder.iterdir())
    argo = FakeArgo()
    with serving(argo.kubernetes) as cluster:
        (tmp_path / "kubeconfig").write_text(kubeconfig(cluster.url))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        assert run(*inline, "--namespace", NAMESPACE)[:2] == (0, f"{DONE}\n")
    assert {kind for kind, _ in argo.objects} == {"configmaps"}
    assert len(argo.objects) == 2
