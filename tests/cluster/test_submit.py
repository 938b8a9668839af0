"""The commands that speak with an engine, against a real API server and a real Argo."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cluster import clients
from cluster.running import Access
from conformance.suite import FOLDER, IMAGE
from headrace.compiler.cli import main

Run = Callable[..., tuple[int, str, str]]

SERVER = "HEADRACE_TEST_ARGO_SERVER"
"""The variable with the URL of an Argo Server beside that controller; ARGO_TOKEN is its token."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `headrace` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("ARGO_SERVER", "ARGO_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)

    def run_headrace(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run_headrace


def case(name: str) -> str:
    return str(FOLDER / f"{name}.py")


@pytest.mark.cluster
def test_an_api_server_takes_what_is_applied_and_started(
    run: Run, cluster: Access, argo: Any, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.client import CoreV1Api, CustomObjectsApi

    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    submit = ("submit", case("a_step"), "--target", "argo", "-n", namespace)
    first, second = run(*submit), run(*submit)
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert first[1] != second[1]
    code = [m.metadata.name for m in CoreV1Api(argo).list_namespaced_config_map(namespace).items]
    assert len([name for name in code if name.startswith(("a-step-code-", "headrace-step-"))]) == 2
    listed = json.loads(run("list", "--target", "argo", "-n", namespace, "--json")[1])
    assert {each["run"] for each in listed} == {first[1].strip(), second[1].strip()}
    name = first[1].strip()
    assert json.loads(run("status", name, "-n", namespace, "--json")[1])["run"] == name
    assert run("cancel", name, "-n", namespace)[0] == 0
    objects = CustomObjectsApi(argo)
    found = objects.get_namespaced_custom_object(
        "argoproj.io", "v1alpha1", namespace, "workflows", name.removeprefix("argo/")
    )
    assert found["spec"]["shutdown"] == "Stop"
    assert run("status", "argo/nothing", "-n", namespace)[0] == 1


@pytest.fixture(scope="module")
def argo_namespace() -> Iterator[str]:
    """Return a namespace of the cluster of KUBECONFIG, if a controller looks at it."""
    from conformance.engines import argo
    from conformance.engines.argo_api import ArgoApi
    from conformance.engines.engine import NotThere

    with ExitStack() as stack:
        try:
            stack.enter_context(argo.argo())
        except NotThere as error:
            pytest.skip(f"NOT RUN: headrace submit on Argo: {error}")
        client = stack.enter_context(clients.client(Path(os.environ["KUBECONFIG"])))
        yield stack.enter_context(ArgoApi(client).namespace())


@pytest.fixture(params=["cluster", "server"])
def way(request: pytest.FixtureRequest, argo_namespace: str) -> list[str]:
    """Return the options that lead to Argo through its cluster, or through the Argo Server."""
    if request.param == "cluster":
        return ["-n", argo_namespace]
    if SERVER not in os.environ:
        pytest.skip(f"NOT RUN: headrace submit through the Argo Server: {SERVER} is not set")
    return ["-n", argo_namespace, "--server", os.environ[SERVER]]


@pytest.mark.argo
@pytest.mark.parametrize("name", ["a_step", "failing_step", "map_inside_map"])
def test_argo_gives_what_a_run_here_gives(run: Run, way: list[str], name: str) -> None:
    here = json.loads(run("run", case(name), "--json")[1])
    code, out, err = run(
        *("submit", case(name), "--target", "argo", *way),
        *("--set", f"image={IMAGE}", "--wait", "--json"),
    )
    there = json.loads(out)
    assert code == (here["state"] != "succeeded"), err
    assert (there["state"], there["result"]) == (here["state"], here["result"])
    ran, wanted = (sorted((s["id"], s["state"]) for s in of["steps"]) for of in (there, here))
    assert ran == wanted
    logs = run("logs", there["run"], *way)[1]
    if here["state"] == "failed":
        assert err.endswith("failed: fail: ValueError: 2\n")
        assert "failing_step.py:11 fail | ValueError: 2\n" in logs


@pytest.mark.argo
def test_a_run_on_argo_is_seen_and_cancelled(run: Run, way: list[str]) -> None:
    image = ("--set", f"image={IMAGE}")
    code, out, err = run("submit", case("ten_steps_in_a_row"), "--target", "argo", *way, *image)
    assert code == 0, err
    name = out.strip()
    listed = json.loads(run("list", "--target", "argo", *way, "--json")[1])
    assert name in {each["run"] for each in listed}
    assert run("cancel", name, *way)[0] == 0
    assert run("logs", name, *way, "--follow")[0] == 0
    status = run("status", name, *way)[1]
    assert "state     failed\n" in status
    assert "message   Stopped with strategy 'Stop'\n" in status
    assert run("result", name, *way)[0] == 1
