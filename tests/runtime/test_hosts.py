"""A step on several hosts: what the pod that starts them asks of Kubernetes, tells, and returns."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fake_jobset import NAMESPACE, FakeJobSet
from fake_server import Answer, FakeServer, serving
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.runtime import cluster_api, wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.errors import ManifestError, RetryableError
from headrace.runtime.store import open_store
from headrace.targets.accelerators import place_on_hosts
from headrace.targets.several_hosts import jobset, readable
from ir_nodes import call, pipeline

MODULE = '''
import os, socket, sys, time


def rank():
    return int(os.environ["RANK"])


def add_ranks(base):
    """Meet the other hosts as torch does: the first one listens, the others connect to it."""
    hosts, port = int(os.environ["WORLD_SIZE"]), int(os.environ["MASTER_PORT"])
    address = (os.environ["MASTER_ADDR"], port)
    print(f"rank {rank()} of {hosts}", flush=True)
    if rank() == 0:
        total = base
        with socket.create_server(address, reuse_port=True) as server:
            for _ in range(hosts - 1):
                with server.accept()[0] as connection:
                    total += int(connection.recv(16))
        return total
    for _ in range(200):
        try:
            with socket.create_connection(address) as connection:
                connection.sendall(str(rank()).encode())
            return "not the result"
        except OSError:
            time.sleep(0.05)


def long_text():
    return "x" * 10_000


def fails_on(which, kind="ValueError"):
    if rank() == which:
        raise {"ValueError": ValueError, "KeyError": KeyError}[kind](f"on {which}")
    time.sleep(60)


def variables():
    names = "MASTER_ADDR MASTER_PORT WORLD_SIZE RANK LOCAL_RANK PET_NNODES PET_NODE_RANK"
    names += " PET_MASTER_PORT JAX_COORDINATOR_ADDRESS JAX_NUM_PROCESSES JAX_PROCESS_ID PRICE"
    return {name: os.environ.get(name) for name in names.split()}


def waits():
    time.sleep(60)
'''


@dataclass
class Cluster:
    """A fake cluster, and a pod in it that can start hosts."""

    fake: FakeJobSet
    server: FakeServer
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, function: str, *arguments: str, **given: Any) -> "subprocess.Popen[str]":
        """Start the pod of a step that calls `function` on so many `hosts`."""
        variables = self.environment | given.pop("environment", {})
        options = given.pop("options", ["--output=result=out"])
        module = given.pop("module", "hosts_module")
        settings = StepSettings(image="python:3.11-slim", **{"hosts": 2, **given})
        node = call("train", settings=settings)
        placement = place_on_hosts(settings, PipelineSettings())
        text = readable(jobset(node, placement, pipeline(node)))
        program = (
            "import sys; from headrace.runtime import cluster_api, hosts; "
            f"cluster_api.ACCOUNT = {str(self.fake.account)!r}; hosts.SECONDS_BETWEEN_LOOKS = 0.1; "
            "from headrace.runtime.step import main; sys.exit(main())"
        )
        name = f"{module}:{function}"
        return subprocess.Popen(
            [sys.executable, "-c", program, "--step=train", *options, name, *arguments],
            env=self._variables() | {"HEADRACE_JOBSET": text} | variables,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, function: str, *arguments: str, **given: Any) -> "Ended":
        """Run the pod of such a step to its end."""
        process = self.start(function, *arguments, **given)
        stdout, stderr = process.communicate(timeout=120)
        message = (self.folder / "termination-log").read_text()
        return Ended(process.returncode, stdout, stderr, message)

    def output(self, name: str = "out") -> Any:
        """Return the value of an output that was written."""
        text = (self.folder / name).read_text()
        return wire.decode(text) if text[:1] in ("=", "*") else json.loads(text)

    def _variables(self) -> dict[str, str]:
        host, _, port = self.server.url.removeprefix("https://").partition(":")
        log = self.folder / "termination-log"
        log.write_text("")
        return {
            "PATH": os.environ["PATH"],
            "HOSTNAME": "launcher",
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
            "HEADRACE_TERMINATION_LOG": str(log),
        }


@dataclass(frozen=True)
class Ended:
    """How the pod ended that started the hosts."""

    code: int
    stdout: str
    stderr: str
    message: str


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    modules, pod = tmp_path / "modules", tmp_path / "pod"
    modules.mkdir()
    pod.mkdir()
    (modules / "hosts_module.py").write_text(MODULE)
    fake = FakeJobSet(tmp_path / "cluster", modules)
    with serving(fake.answer, fake.tls()) as server:
        yield Cluster(fake, server, pod)
        for name in fake.jobsets:
            fake.stop(name)


def test_the_hosts_meet_and_the_result_is_that_of_the_first(cluster: Cluster) -> None:
    ended = cluster.run("add_ranks", "--base=10", hosts=3, env={"MASTER_PORT": "29611"})

    assert (ended.code, ended.message) == (0, "")
    assert cluster.output() == 13
    assert "rank 0 of 3" in ended.stdout
    assert "rank 1 of 3" not in ended.stdout
    assert "3 hosts are started by the JobSet train-abcde" in ended.stderr
    (made,) = cluster.fake.jobsets.values()
    assert made["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": "launcher", "uid": "1-2-3"}
    ]


def test_expressions_are_evaluated_by_the_first_host(cluster: Cluster) -> None:
    options = ["--condition=big:=result > 12", "--items=digits:=[result, 2.0]"]
    options += ["--output=big=big", "--output=digits=digits", "--output=result=out"]
    ended = cluster.run("add_ranks", "--base=12", options=options, env={"MASTER_PORT": "29612"})

    assert ended.code == 0
    assert cluster.output("big") is True
    assert [wire.decode(text) for text in json.loads((cluster.folder / "digits").read_text())] == [
        13,
        2.0,
    ]
    assert cluster.output() == 13


def test_all_outputs_in_one_file(cluster: Cluster) -> None:
    options = ["--xcom=return.json", "--declare=result"]
    ended = cluster.run("add_ranks", "--base=1", options=options, env={"MASTER_PORT": "29613"})

    assert ended.code == 0
    given = json.loads((cluster.folder / "return.json").read_text())
    assert wire.decode(given["result"]) == 2


def test_what_is_too_long_for_a_message_comes_by_the_store(
    cluster: Cluster, tmp_path: Path
) -> None:
    store = {"HEADRACE_STORE": str(tmp_path / "store")}
    ended = cluster.run("long_text", environment=store)

    assert ended.code == 0, ended.stderr
    text = (cluster.folder / "out").read_text()
    assert len(text) < 200
    assert '"stored"' in text


def test_without_a_store_it_says_so(cluster: Cluster) -> None:
    ended = cluster.run("long_text")

    assert ended.code == 65
    assert "a host without a store: set `store` in the configuration (host 0)" in ended.message


def test_many_outputs_come_by_the_store_together(cluster: Cluster, tmp_path: Path) -> None:
    options = [f"--value=v{n}:=result['WORLD_SIZE'] * 100" for n in range(60)]
    options += [f"--output=v{n}=out{n}" for n in range(60)]
    store = {"HEADRACE_STORE": str(tmp_path / "store")}
    ended = cluster.run("variables", options=options, environment=store)

    assert ended.code == 0, ended.stderr
    assert {cluster.output(f"out{n}") for n in range(60)} == {"2" * 100}


@pytest.mark.parametrize("rank", [0, 2])
def test_a_host_that_fails_ends_all_others_and_its_exception_is_told(
    cluster: Cluster, rank: int
) -> None:
    ended = cluster.run("fails_on", f"--which={rank}", hosts=3)

    assert ended.code == 1
    assert ended.message == f"ValueError: on {rank} (host {rank})"
    assert f"headrace: step train: host {rank}: ValueError: on {rank}" in ended.stderr
    # Its traceback is seen: the first host's log is followed, that of another shown then.
    assert 'hosts_module.py", line' in ended.stdout + ended.stderr
    assert not (cluster.folder / "out").exists()


@pytest.mark.parametrize("rank", [0, 1])
def test_what_the_pipeline_handles_is_no_failure(cluster: Cluster, rank: int) -> None:
    options = ["--catch=1=ValueError", "--condition=failed:=caught is not None"]
    options += ["--output=failed=failed", "--output=result=out"]
    ended = cluster.run("fails_on", f"--which={rank}", options=options)

    assert (ended.code, ended.message) == (0, "")
    assert cluster.output("failed") is True


def test_what_it_does_not_handle_is_one(cluster: Cluster) -> None:
    options = ["--catch=1=ValueError", "--output=result=out"]
    ended = cluster.run(
        "fails_on",
        "--which=1",
        "--kind=KeyError".replace("KeyError", '"KeyError"'),
        options=options,
    )

    assert ended.code == 1
    assert ended.message == "KeyError: 'on 1' (host 1)"


def test_the_variables_of_torch_torchrun_and_jax(cluster: Cluster) -> None:
    ended = cluster.run("variables", hosts=4, env={"PRICE": "$(HOME) $5"})

    assert ended.code == 0, ended.stderr
    assert cluster.output() == {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29500",
        "WORLD_SIZE": "4",
        "RANK": "0",
        "LOCAL_RANK": "0",
        "PET_NNODES": "4",
        "PET_NODE_RANK": "0",
        "PET_MASTER_PORT": "29500",
        "JAX_COORDINATOR_ADDRESS": "train-abcde-hosts-0-0.train-abcde:29500",
        "JAX_NUM_PROCESSES": "4",
        "JAX_PROCESS_ID": "0",
        "PRICE": "$(HOME) $5",
    }


def test_sigterm_removes_the_jobset(cluster: Cluster) -> None:
    with cluster.start("waits") as process:
        _until(process, "hosts are started")
        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 143
        assert cluster.fake.jobsets == {}


def test_what_hosts_wait_for_is_told_once(cluster: Cluster) -> None:
    cluster.fake.pending = True
    with cluster.start("waits") as process:
        _until(process, "headrace: host 0 waits: 0/3 nodes are available\n")
        asked = len(cluster.server.requests)
        while len(cluster.server.requests) < asked + 6:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.stderr
        assert "waits" not in process.stderr.read()


def test_hosts_that_were_only_stopped_are_worth_a_retry(cluster: Cluster) -> None:
    with cluster.start("waits") as process:
        _until(process, "hosts are started")
        for name in cluster.fake.jobsets:
            cluster.fake.stop(name)

        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 75
    assert "the hosts of train-abcde failed: Job was too long" in stderr


def _until(process: "subprocess.Popen[str]", text: str) -> None:
    """Read what `process` says until `text` is in it."""
    assert process.stderr
    assert any(text in line for line in process.stderr)


def test_a_cluster_without_jobset(cluster: Cluster) -> None:
    answer = Answer({"message": "the server could not find the requested resource"}, 404)
    cluster.fake.refuse["POST", "jobsets"] = [answer]
    ended = cluster.run("waits")

    assert ended.code == 64
    assert "the cluster has no JobSet (jobset.x-k8s.io/v1alpha2)" in ended.message


def test_an_account_that_may_not(cluster: Cluster) -> None:
    said = 'jobsets.jobset.x-k8s.io is forbidden: User "system:serviceaccount:ml:default" cannot'
    cluster.fake.refuse["POST", "jobsets"] = [Answer({"message": said}, 403)]
    ended = cluster.run("waits")

    assert ended.code == 64
    assert said in ended.message


def test_a_server_that_is_busy_is_asked_again(cluster: Cluster) -> None:
    cluster.fake.refuse["POST", "jobsets"] = [Answer("no JSON", 503), Answer({}, 429)]
    ended = cluster.run("add_ranks", "--base=1", env={"MASTER_PORT": "29614"})

    assert (ended.code, cluster.output()) == (0, 2)


def test_a_server_that_does_not_answer(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
    api = cluster_api.ClusterApi(environment, str(cluster.fake.account))

    assert api.namespace == NAMESPACE
    with pytest.raises(RetryableError, match="the API of Kubernetes does not answer: "):
        api.get("/api")


def test_no_pod_of_kubernetes(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="KUBERNETES_SERVICE_HOST is not set"):
        cluster_api.ClusterApi({}, str(cluster.fake.account))
    with pytest.raises(ManifestError, match="no service account is mounted in this pod"):
        cluster_api.ClusterApi({}, str(tmp_path / "none"))


@pytest.mark.torch
def test_torch_trains_on_two_hosts_what_it_trains_on_one(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each host has half of the digits; gloo finds the other host by the variables alone."""
    examples = Path(__file__).resolve().parents[2] / "examples"
    for file in ("digits_hosts.py", "digits_torch.py"):
        shutil.copy(examples / file, tmp_path / "modules")
    store = Artifacts(open_store(str(tmp_path / "store")), lambda: str(tmp_path))
    monkeypatch.syspath_prepend(str(examples))
    digits_hosts = importlib.import_module("digits_hosts")

    train_set, _ = digits_hosts.ingest(3, test_count=360)
    given = [f"--data={wire.encode(train_set, store)}", "--rate=0.5", "--epochs=5", "--seed=3"]
    ended = cluster.run(
        "train",
        *given,
        module="digits_hosts",
        environment={"HEADRACE_STORE": str(tmp_path / "store")},
        env={"MASTER_PORT": "29615"},
    )

    assert ended.code == 0, ended.stderr
    assert "host 0 of 2, epoch 4: 719 digits" in ended.stdout
    found = wire.decode((cluster.folder / "out").read_text(), store)
    alone = digits_hosts.train(train_set, rate=0.5, epochs=5, seed=3)
    for name, tensor in alone.items():
        digits_hosts.torch.testing.assert_close(found[name], tensor)
