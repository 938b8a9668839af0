"""A step on several hosts, on a real cluster with the controller of JobSets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import clients, step_pods
from cluster.images import STEP
from headrace.compiler import driver
from headrace.runtime import wire

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("jobset_cluster")]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hosts.md"
HOSTS = 3

MODULE = f'''\
# /// script
# [tool.headrace]
# image = "{STEP}"
# code = "inline"
# [tool.headrace.steps.add_ranks]
# hosts = {HOSTS}
# [tool.headrace.steps.fails]
# hosts = 2
# [tool.headrace.steps.is_late]
# hosts = 2
# timeout = 5
# ///
"""Steps whose hosts meet, or of which one fails."""

import os
import socket
import time


def add_ranks(base: int) -> int:
    """Meet as torch does: the first host listens, and the others connect to it."""
    hosts, rank = int(os.environ["WORLD_SIZE"]), int(os.environ["RANK"])
    address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
    print(f"rank {{rank}} of {{hosts}}", flush=True)
    if rank == 0:
        with socket.create_server(("", address[1])) as server:
            for _ in range(hosts - 1):
                with server.accept()[0] as connection:
                    base += int(connection.recv(16))
        return base
    while True:
        try:
            with socket.create_connection(address) as connection:
                connection.sendall(str(rank).encode())
            return -1
        except OSError:
            time.sleep(0.2)


def fails(value: int) -> int:
    if os.environ["RANK"] == "1":
        raise ValueError(f"not {{value}}")
    time.sleep(600)
    return 0


def is_late() -> int:
    time.sleep(600)
    return 0


def pipeline(base: int = 10):
    is_late()
    return fails(add_ranks(base))
'''


@pytest.fixture(scope="module")
def templates(
    api: Any, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """Return Argo's container templates of the module, whose code and rights are in the cluster."""
    path = tmp_path_factory.mktemp("module") / "on_hosts.py"
    path.write_text(MODULE)
    workflow, *config_maps = (
        yaml.safe_load(file.text)
        for file in driver.emit(driver.compile_source(path), ["argo"])["argo"]
    )
    for document in (*config_maps, *_rights(namespace)):
        clients.create(api, namespace, document)
    spec = workflow["spec"]
    return {t["name"]: {**t, "volumes": spec["volumes"]} for t in spec["templates"]}


def _rights(namespace: str) -> Iterator[dict[str, Any]]:
    """Yield the Role that the page asks for, and its binding to the account that pods have."""
    role = yaml.safe_load(PAGE.read_text().partition("```yaml\n")[2].partition("```")[0])
    yield role
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "headrace-hosts"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": role["metadata"]["name"],
        },
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}],
    }


def _container(template: dict[str, Any], **inputs: str) -> dict[str, Any]:
    """Return the container of `template`, which writes its output to the end of its log."""
    container: dict[str, Any] = dict(template["container"])
    output = next(a for a in container["args"] if a.startswith("--output="))
    name = output.split("=")[1]
    arguments = []
    for text in container["args"]:
        kept = f"--output={name}=/dev/stdout" if text == output else text
        for key, value in inputs.items():
            kept = kept.replace(f"{{{{inputs.parameters.{key}}}}}", value)
        arguments.append(kept)
    known = [v for v in container["env"] if "{{" not in v.get("value", "")]
    return {**container, "args": arguments, "env": known}


def test_the_hosts_meet(api: Any, namespace: str, templates: dict[str, dict[str, Any]]) -> None:
    template = templates["add-ranks"]
    container = _container(template, base="10")
    ended = step_pods.run(api, namespace, container, volumes=template["volumes"])

    assert ended.exit_code == 0, ended.log
    *_, said, output = ended.log.split("\n")
    assert said == f"rank 0 of {HOSTS}"
    assert wire.decode(output) == 10 + sum(range(HOSTS))


def test_a_host_that_fails_fails_the_step(
    api: Any, namespace: str, templates: dict[str, dict[str, Any]]
) -> None:
    template = templates["fails"]
    container = _container(template, value="7")
    ended = step_pods.run(api, namespace, container, volumes=template["volumes"])

    assert (ended.exit_code, ended.message) == (1, "ValueError: not 7 (host 1)")
    assert 'raise ValueError(f"not {value}")' in ended.log


def test_hosts_that_are_late_are_ended(
    api: Any, namespace: str, templates: dict[str, dict[str, Any]]
) -> None:
    template = templates["is-late"]
    container = template["container"]
    known = [v for v in container["env"] if "{{" not in v.get("value", "")]
    ended = step_pods.run(api, namespace, {**container, "env": known}, volumes=template["volumes"])

    assert ended.exit_code == 75
    assert "Job was active longer than specified deadline" in ended.message
