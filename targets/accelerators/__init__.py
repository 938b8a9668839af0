"""Where a step runs: what it asks of a node, merged from its settings for every target."""

from dataclasses import dataclass, field

from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import StepSettings, Toleration


@dataclass(frozen=True)
class Placement:
    """What a pod asks of a node.

    `resources` are Kubernetes quantities by resource name, used as request and as limit.
    `device_name` is a regular expression that is found in the name of each accelerator.
    """

    resources: dict[str, str] = field(default_factory=dict)
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    device_name: str = ""


def place(settings: StepSettings) -> Placement:
    """Return the placement of a step with `settings`.

    Raises:
        InternalError: the accelerator is not one that the compiler lets through.
    """
    if settings.accelerator not in (None, "cpu"):
        raise InternalError(f"no placement is known for accelerator {settings.accelerator!r}")
    asked = {"cpu": settings.cpu, "memory": settings.memory}
    return Placement(
        resources={k: v for k, v in asked.items() if v is not None} | settings.resources,
        node_selector=dict(settings.node_selector),
        tolerations=settings.tolerations,
    )
