"""Runs on Argo from the command line, through the API server of a cluster and the Argo Server."""

import json
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from conformance.suite import FOLDER
from fake_argo import NAMESPACE, FakeArgo, kubeconfig, recorded
from fake_server import Answer, FakeServer, serving
from headrace.compiler.cli import main
from headrace.compiler.engine import EngineError
from headrace.targets.argo.workflow import Workflow

IMAGE = ("--set", "image=registry.example.org/conformance:1")
RUN = "argo/map-inside-map-x2k7q"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def argo() -> FakeArgo:
    return FakeArgo()


@pytest.fixture
def cluster(
    argo: FakeArgo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeServer]:
    """A kubeconfig that leads to `argo`."""
    with serving(argo.kubernetes) as server:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig(server.url))
        monkeypatch.setenv("KUBECONFIG", str(path))
        yield server


@pytest.fixture
def argo_server(argo: FakeArgo, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """The environment of the argo command, which leads to `argo`."""
    with serving(argo.server) as server:
        monkeypatch.setenv("KUBECONFIG", "/nowhere")
        monkeypatch.setenv("ARGO_SERVER", server.url.removeprefix("http://"))
        monkeypatch.setenv("ARGO_SECURE", "false")
        monkeypatch.setenv("ARGO_BASE_HREF", "/argo/")
        monkeypatch.setenv("ARGO_TOKEN", "Bearer secret")
        monkeypatch.setenv("ARGO_NAMESPACE", NAMESPACE)
        yield server


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `headrace` without waiting between two looks."""
    monkeypatch.chdir(tmp_path)
    for name in ("ARGO_SERVER", "ARGO_TOKEN", "ARGO_NAMESPACE", "ARGO_BASE_HREF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("headrace.compiler.cli.waiting._FIRST_PAUSE", 0.0)

    def run_headrace(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run_headrace


def case(name: str) -> str:
    return str(FOLDER / f"{name}.py")


def submitted(run: Run, *more: str, name: str = "map_inside_map") -> tuple[int, str, str]:
    return run("submit", case(name), "--target", "argo", *IMAGE, *more)


@pytest.mark.usefixtures("cluster")
def test_a_run_gives_the_object_of_a_local_run(run: Run) -> None:
    code, out, err = submitted(run, "--wait", "--json")
    here_code, here, _ = run("run", case("map_inside_map"), "--json")
    there, local = json.loads(out), json.loads(here)
    assert (code, here_code, there["run"]) == (0, 0, RUN), err
    assert (there["state"], there["result"]) == (local["state"], local["result"])
    assert list(there) == list(local)

    def known(steps: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return sorted((s["id"], s["function"], s["state"], s["attempts"]) for s in steps)

    assert known(there["steps"]) == known(local["steps"])
    assert set(there["steps"][0]) == set(local["steps"][0])
    assert f"submitted {RUN}" in err
    assert "result[2].result-2[0].add: succeeded in 12.0 s" in err


def test_templates_are_applied_and_the_run_gets_its_parameters(
    run: Run, argo: FakeArgo, cluster: FakeServer
) -> None:
    code, out, _ = submitted(run, "--param", "xs=[1]", "--store", "file:///mnt")
    assert (code, out) == (0, f"{RUN}\n")
    assert ("workflowtemplates", "map-inside-map") in argo.objects
    [created] = cluster.asked("POST")
    assert created.body["spec"] == {
        "workflowTemplateRef": {"name": "map-inside-map"},
        "arguments": {
            "parameters": [
                {"name": "xs", "value": "[1]"},
                {"name": "headrace-store", "value": "file:///mnt"},
            ]
        },
    }


def test_code_that_travels_is_applied_first(run: Run, argo: FakeArgo, cluster: FakeServer) -> None:
    assert run("submit", case("map_inside_map"), "-t", "argo")[0] == 0
    applied = [request.parts[-2:] for request in cluster.asked("PATCH")]
    assert sorted(kind for kind, _ in applied) == ["configmaps", "configmaps", "workflowtemplates"]
    assert applied[-1] == ["workflowtemplates", "map-inside-map"]


def test_the_argo_server_takes_no_config_maps(run: Run, argo_server: FakeServer) -> None:
    code, _, err = run("submit", case("map_inside_map"), "-t", "argo")
    assert code == 1
    assert "the Argo Server takes no ConfigMap" in err
    assert not argo_server.asked("POST")


def test_a_schedule_stays_as_it_is(run: Run, argo: FakeArgo, cluster: FakeServer) -> None:
    schedule = 'schedule={cron="0 3 * * *"}'
    assert submitted(run, "--set", schedule)[0] == 0
    assert {kind for kind, _ in argo.objects} == {"workflowtemplates", "workflows"}


@pytest.mark.usefixtures("cluster")
def test_what_is_wrong_starts_nothing(run: Run, argo: FakeArgo) -> None:
    code, out, err = submitted(run, "--param", "ys=1", "--json")
    assert (code, out) == (2, "")
    assert "no parameter 'ys'" in err
    code, out, err = run("submit", case("nothing"), "--target", "argo")
    assert code == 2
    code, _, err = submitted(run, "--dags-folder", ".")
    assert code == 2
    assert "--dags-folder is for airflow" in err
    assert not argo.objects


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("failing_step", "fail: ValueError: 2"),
        ("retries_that_do_not_help", "result[1].picky: ValueError: item 2"),
    ],
)
def test_a_failed_run_says_the_exception(run: Run, argo: FakeArgo, name: str, message: str) -> None:
    argo.becomes = name
    code, out, err = submitted(run, "--wait", name=name)
    assert (code, out) == (1, "")
    assert err.endswith(f"failed: {message}\n")


def test_status_counts_attempts_and_names_places(
    run: Run, argo: FakeArgo, cluster: FakeServer
) -> None:
    name = argo.add("retries_that_do_not_help")
    argo.looks = 1
    code, out, _ = run("status", f"argo/{name}")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["state", "failed"] in lines
    place = "retries_that_do_not_help.py:17"
    failed = ["result[1].picky", "failed", "2", "34.0", place, "ValueError:", "item", "2"]
    assert failed in lines
    code, out, _ = run("status", name, "--target", "argo", "--json")
    assert (code, json.loads(out)["state"]) == (0, "failed")


def test_logs_name_source_lines_and_leave_out_those_of_argo(
    run: Run, argo: FakeArgo, cluster: FakeServer
) -> None:
    name = argo.add("failing_step")
    argo.looks = 1
    pod = next(
        n for n in recorded("failing_step")["status"]["nodes"].values() if n["type"] == "Pod"
    )
    argo.logs[f"{name}-fail-{pod['id'].rpartition('-')[2]}"] = (
        "2026-11-27T18:43:40.1Z before\n"
        "2026-11-27T18:43:40.2Z ValueError: 2\n"
        "2026-11-27T18:43:41.3Z time=2026-11-27T18:43:41Z level=info msg=exited argo=true\n"
    )
    code, out, _ = run("logs", f"argo/{name}")
    assert (code, out) == (
        0,
        "failing_step.py:11 fail | before\nfailing_step.py:11 fail | ValueError: 2\n",
    )
    assert run("logs", f"argo/{name}", "--step", "fail", "--follow")[1] == out
    code, _, err = run("logs", f"argo/{name}", "--step", "fial")
    assert code == 1
    assert "has no step 'fial' so far: fail" in err


def test_a_log_that_is_gone_hides_no_other(run: Run, argo: FakeArgo, cluster: FakeServer) -> None:
    name = argo.add("map_inside_map")
    argo.looks = 1
    workflow = Workflow(recorded("map_inside_map"))
    argo.logs = {s.attempts[0]: "2026Z hello\n" for s in workflow.run().steps if "add" in s.id}
    code, out, err = run("logs", f"argo/{name}", "--step", "add")
    assert (code, out.count("add | hello"), err) == (0, 3, "")
    code, out, err = run("logs", f"argo/{name}")
    assert (code, out.count("| hello"), err.count("is gone, and its log with it")) == (0, 3, 7)


def test_a_log_is_read_in_parts(cluster: FakeServer, argo: FakeArgo) -> None:
    from headrace.compiler.engine import Connection
    from headrace.targets.argo.transport import ClusterTransport

    log = ClusterTransport(Connection()).log("w", "p")
    argo.logs["p"] = "2026-01-01T00:00:01.1Z a\n2026-01-01T00:00:01.2Z b\n"
    assert log.next_lines() == ["a", "b"]
    argo.logs["p"] += "2026-01-01T00:00:01.3Z b\n2026-01-01T00:00:02.1Z c\n"
    assert log.next_lines() == ["b", "c"]
    assert log.next_lines() == []
    assert cluster.requests[-1].query["sinceTime"] == "2026-01-01T00:00:02Z"
    # Python ends lines at all of these.
    odd = "10% \r 20%\x0b \x0c \x1c \x85 \u2028 of it\r"
    argo.logs["p"] += f"2026-01-01T00:00:03.1Z {odd}\n2026-01-01T00:00:03.2Z \n"
    assert log.next_lines() == [odd, ""]
    assert log.next_lines() == []
    assert cluster.requests[-1].query["sinceTime"] == "2026-01-01T00:00:03Z"


def test_cancelled_runs_have_failed_and_their_steps_are_stopped(
    run: Run, argo: FakeArgo, cluster: FakeServer
) -> None:
    name = argo.add("map_inside_map")
    argo.objects["workflows", name]["status"]["phase"] = "Running"
    argo.looks = 1
    assert run("cancel", f"argo/{name}")[:2] == (0, f"cancelled argo/{name}\n")
    assert argo.objects["workflows", name]["spec"]["shutdown"] == "Stop"
    name = argo.add("cancelled_run")
    code, out, err = run("result", f"argo/{name}", "--json")
    assert code == 1
    assert [step["state"] for step in json.loads(out)["steps"]] == [
        "succeeded",
        "stopped",
        "stopped",
    ]
    assert "Stopped with strategy 'Stop'" in err
    code, _, err = run("cancel", f"argo/{name}")
    assert code == 1
    assert "has ended" in err


def test_a_result_is_there_when_the_run_has_ended(
    run: Run, argo: FakeArgo, cluster: FakeServer
) -> None:
    name = argo.add("map_inside_map")
    code, out, err = run("result", f"argo/{name}", "--json")  # no controller has looked at it yet
    assert (code, json.loads(out)["state"]) == (1, "waiting")
    assert "has not ended: it is waiting" in err
    assert run("result", f"argo/{name}")[:2] == (0, "[5, 0, 1]\n")


def test_runs_of_others_are_not_listed(run: Run, argo: FakeArgo, cluster: FakeServer) -> None:
    assert submitted(run)[0] == 0
    argo.add("failing_step")  # its template is not there, or not ours
    assert submitted(run, "--set", "image=b")[0] == 0
    code, out, _ = run("list", "--target", "argo")
    head, row = out.splitlines()
    assert (code, head.split()) == (0, ["RUN", "PIPELINE", "STATE", "STARTED"])
    assert row.split()[:2] == [RUN, "map-inside-map"]
    listed = json.loads(run("list", "--target", "argo", "--json")[1])
    assert listed[0]["run"] == RUN


def test_the_argo_server_gives_the_same(run: Run, argo: FakeArgo, argo_server: FakeServer) -> None:
    code, out, _ = submitted(run, "--wait", "--json")
    assert (code, json.loads(out)["result"]) == (0, [5, 0, 1])
    assert submitted(run)[0] == 0  # now the template is there already
    assert [r.method for r in argo_server.requests if "workflow-templates" in r.path] == [
        *("GET", "POST"),
        *("GET", "PUT"),
    ]
    step = Workflow(argo.objects["workflows", RUN.partition("/")[2]]).run().steps[0]
    argo.logs[step.attempts[0]] = "2026Z hello\x85\u2028\n"
    code, out, _ = run("logs", RUN, "--step", step.id)
    assert (code, out) == (0, f"map_inside_map.py:19 {step.id} | hello\x85\u2028\n")
    argo.objects["workflows", RUN.partition("/")[2]]["status"]["phase"] = "Running"
    assert run("cancel", RUN)[0] == 0
    assert RUN in run("list", "--target", "argo")[1]


def test_errors_say_what_to_do(
    run: Run, cluster: FakeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def error(*arguments: str) -> str:
        code, out, err = run(*arguments)
        assert (code, out) == (1, "")
        return err

    assert "`headrace list --target argo` shows the runs" in error("status", "argo/nothing")
    assert "another --namespace" in error("status", "argo/x", "-n", "other")
    assert "log in again" in error("list", "--target", "argo", "--context", "stranger", "-n", "ml")
    assert "it has here, stranger" in error("list", "--target", "argo", "--context", "heer")
    assert "which engine? Write one of argo/x" in run("status", "x")[2]
    assert "is a run on argo, not on airflow" in run("status", "argo/x", "-t", "airflow")[2]
    assert 'did you mean "argo"?' in run("list", "-t", "agro")[2]
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert "set KUBECONFIG" in error("list", "--target", "argo")
    nobody = ("--server", "http://127.0.0.1:1")
    assert "is the server up?" in error("list", "--target", "argo", *nobody)
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    assert 'pip install "headrace[argo]"' in error("list", "--target", "argo")


def test_a_server_that_knows_nobody_is_told(
    run: Run, argo_server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGO_TOKEN", "guess")
    code, _, err = run("list", "--target", "argo")
    assert code == 1
    assert "set ARGO_TOKEN" in err


@pytest.mark.parametrize("page", ["", "<!doctype html>"])
def test_a_path_below_which_there_is_no_argo_is_told(run: Run, page: str) -> None:
    # The Argo Server answers every path that it does not know with the page of its user interface.
    with serving(lambda _: Answer(page)) as server:
        code, out, err = run("list", "--target", "argo", "--server", f"{server.url}/elsewhere")
    assert (code, out) == (1, "")
    assert f"what answers at {server.url}/elsewhere is not the server of Argo" in err


def test_a_certificate_is_looked_at_unless_it_need_not_be(
    run: Run, argo: FakeArgo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mine, others = trustme.CA(), trustme.CA()
    mine.issue_cert("127.0.0.1").configure_cert(context)
    for name, authority in {"mine.pem": mine, "others.pem": others}.items():
        authority.cert_pem.write_to_path(str(tmp_path / name))
    monkeypatch.setenv("ARGO_TOKEN", "secret")
    monkeypatch.setenv("ARGO_BASE_HREF", "argo")
    with serving(argo.server, context) as server:
        ask = ("list", "--target", "argo", "--server", server.url, "-n", NAMESPACE)
        # It goes before what `requests` is told of a session.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "others.pem"))
        code, _, err = run(*ask)
        assert (code, "REQUESTS_CA_BUNDLE names the file" in err) == (1, True)
        monkeypatch.setenv("ARGO_INSECURE_SKIP_VERIFY", "true")
        code, out, err = run(*ask)
        assert (code, out) == (0, "RUN  PIPELINE  STATE  STARTED\n")
        assert "InsecureRequestWarning" not in err
        monkeypatch.delenv("ARGO_INSECURE_SKIP_VERIFY")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "mine.pem"))
        assert run(*ask)[0] == 0


def test_compressed_nodes_are_read_and_offloaded_ones_are_not() -> None:
    import base64
    import gzip

    document = recorded("map_inside_map")
    nodes = document["status"].pop("nodes")
    packed = base64.b64encode(gzip.compress(json.dumps(nodes).encode())).decode()
    document["status"]["compressedNodes"] = packed
    assert Workflow(document).run() == Workflow(recorded("map_inside_map")).run()
    del document["status"]["compressedNodes"]
    document["status"]["offloadNodeStatusVersion"] = "fnv:1"
    with pytest.raises(EngineError, match="in its database"):
        Workflow(document).run()
