"""How a cluster is started and stopped, as far as that needs no cluster."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import environments
import processes
from cluster import __main__ as command_line
from cluster import binaries, controllers, images, machine, programs, running, settings, state
from cluster.machine import FOLDER, CannotRun


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def test_one_cluster_runs_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert state.running() is None
    with state.only_one() as left:
        assert left is None
        state.record(state.Running(os.getpid(), "/there"))
        assert state.running() == state.Running(os.getpid(), "/there")
        said = rf"runs already \(process {os.getpid()}, in /there\); `make cluster-stop` ends it"
        with pytest.raises(state.AlreadyRuns, match=said), state.only_one():
            pass
        state.forget()
    assert state.running() is None
    assert command_line.main(["stop"]) == 0
    assert capsys.readouterr().out == "no cluster runs\n"


def test_what_a_killed_starter_left_is_told_to_the_next() -> None:
    with state.only_one():
        state.record(state.Running(1, "/there"))
    assert state.running() is None
    with state.only_one() as left:
        assert left == state.Running(1, "/there")


def test_stop_ends_the_process_that_holds_the_cluster(tmp_path: Path) -> None:
    program = (
        "import os, time\n"
        "from cluster import state\n"
        "with state.only_one():\n"
        "    state.record(state.Running(os.getpid(), '/there'))\n"
        "    print('holds', flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(FOLDER.parent)}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        assert state.stop()
        assert holder.wait() == -15
    assert not state.stop()


def test_only_processes_of_the_cluster_are_killed(
    sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    number, started = programs.identity(sleeper.pid)
    (tmp_path / "processes.json").write_text(json.dumps({"etcd": [number, started + 1]}))
    programs.kill_left(tmp_path)
    assert processes.is_alive(number)
    (tmp_path / "processes.json").write_text(json.dumps({"etcd": [number, started]}))
    programs.kill_left(tmp_path)
    assert not processes.is_alive(number)


def test_what_runs_beside_a_cluster_is_known_and_ended_with_it(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    command = ["sh", "-c", "echo $SAID >&2; exec sleep 60"]
    programs.start_beside(tmp_path, "first", command, SAID="a b")
    programs.start_beside(tmp_path, "second", command, SAID="")
    first, second = (programs.recorded(tmp_path)[name][0] for name in ("first", "second"))
    assert programs.runs(tmp_path, "first")
    assert programs.runs(tmp_path, "second")
    assert not programs.runs(tmp_path, "third")
    programs.end(tmp_path, ["first", "third"])
    assert not programs.runs(tmp_path, "first")
    assert processes.is_alive(second)
    programs.kill_left(tmp_path)
    assert not programs.runs(tmp_path, "second")
    assert programs.tail(programs.log_of(tmp_path, "first")) == "a b\n"
    assert first != second


def test_a_controller_is_added_to_the_cluster_that_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command_line.main(["add", "jobset"]) == 1
    assert capsys.readouterr().err == "no cluster runs; `make cluster` starts one\n"
    assert command_line.main(["add", "karpenter"]) == 64
    started = []
    monkeypatch.setattr(
        controllers, "start", lambda access, each: started.append((str(access.folder), each.name))
    )
    with state.only_one():
        state.record(state.Running(os.getpid(), "/there"))
        assert command_line.main(["add", "kueue", "jobset"]) == 0
    assert started == [("/there", "kueue"), ("/there", "jobset")]


def test_a_controller_that_ends_at_once_shows_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("built", "cluster/logs", "cluster/certificates"):
        (tmp_path / folder).mkdir(parents=True)
    program = tmp_path / "built" / "jobset"
    program.write_text("#!/bin/sh\necho cannot listen >&2; exit 3\n")
    program.chmod(0o755)
    (tmp_path / "built" / binaries.MANIFESTS).write_text("")
    cluster = settings.Settings(tmp_path / "cluster", tmp_path / "built", address="127.0.0.1")
    cluster.certificate.write_text("")
    cluster.write_kubeconfig()
    monkeypatch.setattr(binaries, "built_controller", lambda *_: tmp_path / "built")
    monkeypatch.setattr(
        controllers, "make_certificate", lambda folder, name: (folder / "tls.crt").touch()
    )
    with pytest.raises(RuntimeError, match="jobset ended:\ncannot listen"):
        controllers.start(running.Access(cluster.folder), controllers.JOBSET)


def test_a_controller_that_is_not_ready_in_time_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = running.Access(tmp_path)
    (tmp_path / "logs").mkdir()

    def hang(start: controllers._Start) -> None:
        programs.start_beside(tmp_path, "jobset", ["sleep", "60"])
        raise RuntimeError("not ready")

    monkeypatch.setattr(binaries, "built_controller", lambda *_: tmp_path)
    monkeypatch.setattr(controllers._Start, "__init__", lambda *_: None)
    monkeypatch.setattr(controllers._Start, "run", hang)
    with pytest.raises(RuntimeError, match="not ready"):
        controllers.start(access, controllers.JOBSET)
    assert "jobset" in programs.recorded(tmp_path)
    assert not programs.runs(tmp_path, "jobset")


def test_a_machine_that_cannot_is_told_what_is_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert command_line.main(["run", "false"]) == 0
    said = "NOT RUN: what needs a real cluster: only root may start a kubelet\n"
    assert capsys.readouterr().out == said
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_line.main(["start"]) == 0
    assert "NOT RUN: what needs a real cluster: Go is not here" in capsys.readouterr().out


def test_a_cluster_that_does_not_start_shows_its_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = tmp_path / "programs"
    fakes.mkdir()
    waits, fails = "exec sleep 60", "echo cannot listen >&2; exit 3"
    for name in ("containerd", "ctr", *binaries.NAMES):
        program = fails if name == "kube-apiserver" else "exit 1" if name == "ctr" else waits
        (fakes / name).write_text(f"#!/bin/sh\n{program}\n")
        (fakes / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{fakes}:{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for module, name, value in (
        (machine, "prepare", None),
        (machine, "check_no_node", None),
        (programs, "clean_up", None),
        (settings, "_make_keys", None),
        (running, "_made", fakes),
        (images, "pause_archive", None),
    ):
        monkeypatch.setattr(module, name, lambda *_, value=value: value)
    with pytest.raises(running.DoesNotStart) as failure:
        running.start()
    text = str(failure.value)
    assert "--- kube-apiserver.log\ncannot listen\n" in text
    assert "kube-apiserver (exit code 3) ended; logs: " in text
    (folder,) = tmp_path.glob("headrace-cluster-*")
    assert [path.name for path in folder.iterdir()] == ["logs"]
    assert state.running() is None
    assert state.recorded() is None


def test_packages_that_cannot_be_had_are_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(packages: list[str]) -> None:
        raise subprocess.CalledProcessError(100, ["apt-get", "install"])

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for check in ("_check_go", "_check_cgroups", "_check_allowed"):
        monkeypatch.setattr(machine, check, lambda *_: None)
    monkeypatch.setattr(environments, "install_system_packages", fail)
    assert command_line.main(["start"]) == 1
    assert capsys.readouterr().err == "apt-get install failed\n"
    monkeypatch.setattr(environments, "install_system_packages", lambda packages: None)
    monkeypatch.setattr(machine, "PACKAGES", {"no-such-program": "no-such-package"})
    with pytest.raises(CannotRun, match="no-such-package"):
        machine.prepare()


def test_the_ends_of_logs_are_shown(tmp_path: Path) -> None:
    (tmp_path / "etcd.log").write_text("".join(f"line {n}\n" for n in range(100)))
    shown = programs.tails(tmp_path)
    assert shown.startswith(f"--- etcd.log\nline {100 - programs.LINES_SHOWN}\n")
    assert shown.endswith("line 99\n")


def test_the_newest_of_what_was_built_are_kept() -> None:
    for number in range(binaries.KEPT + 2):
        path = binaries.cache() / f"step-{number}.tar"
        path.touch()
        os.utime(path, (number, number))
    binaries.remove_old("step-*.tar")
    there = sorted(path.name for path in binaries.cache().iterdir())
    assert there == ["step-3.tar", "step-4.tar"]


def test_all_of_kubernetes_is_of_one_release() -> None:
    text = (FOLDER / "kubernetes" / "go.mod").read_text()
    (minor,) = re.findall(r"\bk8s\.io/kubernetes v1\.(\S+)", text)
    versions = re.findall(r"^\t(k8s\.io/\S+) => \1 v0\.(\S+)$", text, re.MULTILINE)
    assert {version for _, version in versions} == {minor}
    assert len(versions) == text.count("=>")


def test_a_controller_has_the_versions_of_its_own_module() -> None:
    for controller in controllers.CONTROLLERS.values():
        text = (FOLDER / controller.name / "go.mod").read_text()
        assert re.search(rf"^tool {controller.source}(/\S+)?$", text, re.MULTILINE)
        assert "replace" not in text
