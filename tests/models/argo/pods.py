"""The pods of a workflow, from their creation to what the controller makes of their end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from models import kubernetes
from models.argo.nodes import ERROR, FAILED, SUCCEEDED, Node
from models.argo.state import Flow
from models.errors import Unsupported

MAIN, WAIT = "main", "wait"
LONGEST_NAME = 253
"""Characters of a pod's name."""
MOST_OUTPUT = 1_400_000
"""Characters that a pod may give in all: so many passed, 1.6 million did not."""


@dataclass(frozen=True)
class Pod:
    """What is to be run: a template with everything filled in; `name` is that of its node."""

    name: str
    template: Mapping[str, Any]

    @property
    def container(self) -> Mapping[str, Any]:
        """Return the container."""
        container: Mapping[str, Any] = self.template["container"]
        return container

    def started(self, machine: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        """Return the command and the variables of its process, after those of `machine`."""
        variables = kubernetes.environment(self.container, machine)
        return kubernetes.command(self.container, variables), variables

    @property
    def paths(self) -> dict[str, str]:
        """Return the file of each output."""
        parameters = self.template.get("outputs", {}).get("parameters", ())
        return {each["name"]: each["valueFrom"]["path"] for each in parameters}


@dataclass(frozen=True)
class Ended:
    """How a container ended: `written` are the texts of its outputs, where it wrote them.

    `message` is what Kubernetes has from the termination log.
    """

    exit_code: int
    written: dict[str, str] = field(default_factory=dict)
    message: str = ""


RunPod: TypeAlias = Callable[[Pod], Ended]


def create(flow: Flow, node: Node) -> None:
    """Let a node wait for its pod."""
    parameters = node.processed.get("outputs", {}).get("parameters", ())
    if parameters:
        node.outputs = {each["name"]: None for each in parameters}
    flow.pods.append(node)


def finish(flow: Flow, node: Node, ended: Ended) -> None:
    """Give a node what became of its pod (`inferFailedReason`, `SaveParameters`)."""
    flow.pods.remove(node)
    node.exit_code = ended.exit_code
    missing = _keep_outputs(node, ended)
    if ended.exit_code:
        reason = "OOMKilled" if ended.exit_code == 137 else "Error"
        told = f": {ended.message}" if ended.message else ""
        text = f"{MAIN}: {reason} (exit code {ended.exit_code}){told}"
        flow.nodes.mark(node, FAILED, text)
    elif missing is not None:
        text = f"open /var/run/argo/outputs/parameters{missing}: no such file or directory"
        flow.nodes.mark(node, ERROR, f"{WAIT}: Error (exit code 64): {text}")
    else:
        flow.nodes.mark(node, SUCCEEDED)
    flow.export(node.processed, node.outputs or {})


def _keep_outputs(node: Node, ended: Ended) -> str | None:
    """Keep the outputs up to the first one that is not there; return its path."""
    if sum(map(len, ended.written.values())) > MOST_OUTPUT:
        raise Unsupported(f"outputs of more than {MOST_OUTPUT} characters")
    for parameter in node.processed.get("outputs", {}).get("parameters", ()):
        source, name = parameter["valueFrom"], parameter["name"]
        text = ended.written.get(name, source.get("default"))
        if text is None:
            return str(source["path"])
        assert node.outputs is not None
        node.outputs[name] = text.removesuffix("\n")
    return None


def name(workflow: str, node: str, template: str) -> str:
    """Return the name of a pod (`GeneratePodName` in workflow/util/pod_name.go)."""
    digest = 0x811C9DC5
    for byte in node.encode():
        digest = (digest ^ byte) * 0x01000193 % 2**32
    if workflow == node:
        return workflow
    prefix = f"{workflow}-{template}"[: LONGEST_NAME - 11]
    return f"{prefix}-{digest}"
