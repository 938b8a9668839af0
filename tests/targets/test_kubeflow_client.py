"""Runs on Kubeflow Pipelines from the command line, through its own client, and their pods."""

import json
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from conformance.suite import FOLDER
from fake_argo import kubeconfig
from fake_kubeflow import RUN, STARTED, FakeKubeflow, pod
from fake_server import Answer, FakeServer, serving
from headrace.compiler.cli import main
from headrace.targets.kubeflow import run_pods as pods

IMAGE = ("--set", "image=registry.example.org/conformance:1")
NAME = f"kubeflow/{RUN}"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kubeflow(tmp_path: Path) -> FakeKubeflow:
    (tmp_path / "outputs").mkdir()
    return FakeKubeflow(FOLDER, tmp_path / "outputs")


@pytest.fixture
def server(
    kubeflow: FakeKubeflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeServer]:
    """The environment that leads to `kubeflow`, and to its cluster."""
    with serving(kubeflow.kfp) as server, serving(kubeflow.cluster) as cluster:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig(cluster.url))
        monkeypatch.setenv("KUBECONFIG", str(path))
        monkeypatch.setenv("KF_PIPELINES_ENDPOINT", server.url)
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
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("headrace.compiler.cli.waiting._FIRST_PAUSE", 0.0)

    def run_headrace(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run_headrace


def submit(run: Run, *more: str, case: str = "a_step") -> tuple[int, str, str]:
    file = str(FOLDER / f"{case}.py")
    return run("submit", file, "--target", "kubeflow", *IMAGE, *more)


@pytest.mark.kubeflow
def test_a_run_gives_the_object_of_a_local_run(run: Run, server: FakeServer) -> None:
    code, out, err = submit(run, "--wait", "--json", "--store", "/mnt")
    here = json.loads(run("run", str(FOLDER / "a_step.py"), "--json")[1])
    there = json.loads(out)
    assert (code, there["state"], there["result"]) == (0, here["state"], here["result"])
    assert (list(there), there["run"]) == (list(here), NAME)
    [step], [local] = there["steps"], here["steps"]
    assert {**step, "seconds": 0} == {**local, "seconds": 0}
    assert "add: succeeded in 20.0 s" in err
    [created] = [r for r in server.asked("POST") if r.path.endswith("/runs")]
    assert created.body["runtime_config"]["parameters"] == {"headrace-store": "/mnt"}


@pytest.mark.kubeflow
def test_a_failed_run_says_the_exception(run: Run) -> None:
    code, out, err = submit(run, "--wait", case="failing_step")
    assert (code, out) == (1, "")
    assert err.endswith("failed: fail: ValueError: 2\n")
    code, out, _ = run("logs", NAME)
    assert code == 0
    assert all(line.startswith("failing_step.py:11 fail | ") for line in out.splitlines())
    assert "launcher_v2" not in out
    assert run("status", NAME)[1].count("failing_step.py:11") == 1


@pytest.mark.kubeflow
def test_runs_are_listed_and_cancelled(run: Run, kubeflow: FakeKubeflow) -> None:
    kubeflow.has_ended = False
    assert submit(run)[:2] == (0, f"{NAME}\n")
    code, _, err = run("result", NAME)
    assert (code, "has not ended: it is running" in err) == (1, True)
    assert json.loads(run("list", "--target", "kubeflow", "--json")[1])[0] == {
        "run": NAME,
        "pipeline": "a-step",
        "state": "running",
        "started": "2026-11-27T19:00:00+00:00",
    }
    assert run("cancel", NAME)[0] == 0
    assert kubeflow.terminated == [RUN]
    code, _, err = run("status", "kubeflow/nothing")
    assert code == 1
    assert "Run nothing not found" in err
    assert "`headrace list --target kubeflow` shows the runs" in err


@pytest.mark.kubeflow
def test_a_result_is_gone_with_its_pod(run: Run, kubeflow: FakeKubeflow) -> None:
    assert submit(run)[0] == 0
    assert run("result", NAME)[:2] == (0, "3\n")
    kubeflow.pods.clear()
    code, out, err = run("result", NAME)
    assert (code, out) == (1, "")
    assert "no pod of the run" in err


@pytest.mark.kubeflow
def test_a_recorded_run_gives_its_result(run: Run, kubeflow: FakeKubeflow) -> None:
    name = f"kubeflow/{kubeflow.add('a_step')}"
    assert run("result", name)[:2] == (0, "3\n")
    there = json.loads(run("status", name, "--json")[1])
    assert (there["state"], [step["id"] for step in there["steps"]]) == ("succeeded", ["add"])
    assert run("logs", name)[1].endswith("add | headrace: the pipeline returned =3\n")


@pytest.mark.kubeflow
def test_a_recorded_run_says_why_it_failed(run: Run, kubeflow: FakeKubeflow) -> None:
    name = f"kubeflow/{kubeflow.add('failing_step')}"
    lines = [line.split() for line in run("status", name)[1].splitlines()]
    assert ["message", "fail:", "ValueError:", "2"] in lines
    failed = ["fail", "failed", "1", "16.0", "failing_step.py:11", "ValueError:", "2"]
    assert failed in lines
    log = [line.partition(" | ")[2] for line in run("logs", name)[1].splitlines()]
    # The last line is argoexec's, and could be anybody's.
    assert log[0] == "Traceback (most recent call last):"
    assert log[-2:] == ["ValueError: 2", "Error: exit status 1"]
    code, _, err = run("result", name)
    assert code == 1
    assert err.endswith("failed: fail: ValueError: 2\n")


@pytest.mark.kubeflow
def test_steps_of_recorded_maps_have_the_numbers_of_their_items(
    run: Run, kubeflow: FakeKubeflow
) -> None:
    name = f"kubeflow/{kubeflow.add('map_inside_map')}"
    there = json.loads(run("status", name, "--json")[1])
    ids = [step["id"] for step in there["steps"] if step["function"] != "compute"]
    assert sorted(ids) == [
        *("add[0][0]", "add[0][1]", "add[2][0]"),
        *("numbers[0]", "numbers[1]", "numbers[2]"),
        *("total[0]", "total[1]", "total[2]"),
    ]
    assert run("result", name)[:2] == (0, "[5, 0, 1]\n")


@pytest.mark.kubeflow
def test_a_cancelled_run_has_failed_and_its_steps_are_stopped(
    run: Run, kubeflow: FakeKubeflow
) -> None:
    name = f"kubeflow/{kubeflow.add('cancelled_run')}"
    found = [line.split() for line in run("status", name)[1].splitlines()]
    assert ["state", "failed"] in found
    assert ["message", "cancelled"] in found
    assert ["wait-n", "stopped", "1", "74.0", "cancelled_run.py:11"] in found
    code, _, err = run("cancel", name)
    assert (code, "has ended" in err) == (1, True)
    assert kubeflow.terminated == []


@pytest.mark.kubeflow
def test_without_a_cluster_a_run_has_a_state_only(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert submit(run)[0] == 0
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    code, out, _ = run("status", NAME)
    assert code == 0
    assert "its steps cannot be seen: no cluster is configured" in out
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT")
    code, _, err = run("list", "--target", "kubeflow")
    assert code == 1
    assert "no cluster is configured" in err


@pytest.mark.kubeflow
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer("<!doctype html>"), "is not the API server of Kubeflow Pipelines"),
        (Answer([]), "is not the API server of Kubeflow Pipelines"),
        (Answer("found", 302), "set HEADRACE_KFP_TOKEN"),
        (Answer({"error": "who?"}, 401), "set HEADRACE_KFP_TOKEN"),
        (Answer("<html>", 403), "set HEADRACE_KFP_TOKEN"),
        (Answer("404 page not found", 404), "is the URL right?"),
        (Answer("oops", 500), "answers 500: Internal Server Error"),
    ],
)
@pytest.mark.parametrize("namespace", ["", "mine"])
def test_a_server_that_is_another_or_knows_nobody_is_told(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    told: str,
    namespace: str,
) -> None:
    # What the client keeps of a user; it does not ask for the health of the server then.
    context = tmp_path / "context.json"
    context.write_text(json.dumps({"namespace": namespace}))
    monkeypatch.setattr("kfp.client.client.Client._LOCAL_KFP_CONTEXT", str(context))
    with serving(lambda _: answer) as other:
        code, out, err = run("list", "--target", "kubeflow", "--server", other.url)
    assert (code, out) == (1, "")
    assert told in err
    assert len(err.splitlines()) <= 2


@pytest.mark.kubeflow
def test_a_certificate_is_trusted_if_a_variable_says_so(
    run: Run, kubeflow: FakeKubeflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with serving(kubeflow.kfp, context) as server:
        ask = ("list", "--target", "kubeflow", "--server", server.url)
        code, _, err = run(*ask)
        assert (code, "REQUESTS_CA_BUNDLE names the file" in err) == (1, True)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
        assert run(*ask)[0] == 0


def test_a_missing_client_says_how_to_install_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kfp", None)
    code, _, err = run("list", "--target", "kubeflow")
    assert code == 1
    assert 'pip install "headrace[kubeflow]"' in err


def step_pod(name: str, node: str, at: str, exit_code: int = 0) -> pods.Pod:
    ended = {"exitCode": exit_code, "startedAt": STARTED, "finishedAt": at, "message": ""}
    args = ["headrace-step", "--step=train", "--lr=1", "m:train", "--step=x"]
    made = pod(name, ["launch", "--"], args, {"headrace.dev/source": "m.py:7"}, ended)
    made["metadata"]["annotations"]["workflows.argoproj.io/node-name"] = node
    made["metadata"]["creationTimestamp"] = at
    return made


def test_attempts_and_items_are_told_apart_by_their_nodes() -> None:
    at = "wf(0).root(0).models(0).full(0).each(0).iteration-iterations"
    node = f"{at}(1:1)(0).iteration-item(0).train(0).executor"
    found = list(
        pods.steps(
            [
                step_pod("b", f"{node}(1)", "2026-11-27T19:00:03Z"),
                step_pod("a", f"{node}(0)", "2026-11-27T19:00:01Z", exit_code=137),
                step_pod("c", node.replace("(1:1)", "(0:0)"), "2026-11-27T19:00:02Z", 137),
                pod("driver", ["driver"], [], {}, {}),
            ]
        )
    )
    assert [(s.id, s.state, s.attempts, s.seconds) for s in found] == [
        ("train[1]", "succeeded", ("a", "b"), 4.0),
        ("train[0]", "failed", ("c",), 2.0),
    ]
    assert [(s.function, s.source, s.message) for s in found] == [
        ("m:train", "m.py:7", ""),
        ("m:train", "m.py:7", "Error (exit code 137)"),
    ]


def test_a_pod_that_took_too_long_says_so_and_not_what_its_step_said() -> None:
    late = step_pod("a", "wf.train.executor(0)", "2026-11-27T19:00:01Z", exit_code=143)
    late["status"] |= {"reason": "DeadlineExceeded", "message": "longer than the deadline"}
    (step,) = pods.steps([late])
    assert (step.state, step.message) == ("failed", "longer than the deadline")


def test_a_run_whose_failed_pod_is_gone_or_is_no_step_says_so() -> None:
    succeeded = step_pod("a", "wf.train.executor(0)", "2026-11-27T19:00:01Z")
    driver = pod("a-driver", ["driver"], [], {}, {"exitCode": 1})
    assert "no pod that would say why" in pods.unseen_failure([])
    assert "is gone" in pods.unseen_failure([succeeded])
    assert "a-driver of Kubeflow Pipelines itself failed" in pods.unseen_failure([driver])
