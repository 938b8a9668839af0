"""The settings of a pipeline and of its steps, as the IR carries them: merged and checked."""

from typing import Literal

from msgspec import field

from headrace.compiler.frozen_struct import FrozenStruct


class Retries(FrozenStruct):
    """When a step that failed is tried again.

    `limit` counts the attempts after the first. The wait before attempt n+1 is
    `delay * factor ** (n - 1)` seconds, at most `max_delay` seconds.
    """

    limit: int = 0
    delay: int = 10
    factor: int = 1
    max_delay: int | None = None


class Toleration(FrozenStruct):
    """A Kubernetes toleration; the fields are those of its API."""

    key: str | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None


class StepSettings(FrozenStruct):
    """Where and how a step runs.

    `cpu`, `memory` and the values of `resources` (extended resources by name) are Kubernetes
    quantities, used as request and as limit. `timeout` is in seconds and counts for each attempt.
    `code` says where the step's own sources and the shim are: in the image, or mounted beside it.
    """

    image: str
    code: Literal["image", "inline"] = "image"
    cpu: str | None = None
    memory: str | None = None
    resources: dict[str, str] = field(default_factory=dict)
    accelerator: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    retries: Retries = Retries()
    timeout: int | None = None
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()

    def without_needs(self) -> "StepSettings":
        """Return the settings of a small step of the compiler's own that runs the same code."""
        return StepSettings(image=self.image, code=self.code)


class Schedule(FrozenStruct):
    """When a pipeline starts by itself; `cron` has five fields, read in `timezone`."""

    cron: str
    timezone: str = "UTC"
    catchup: bool = False
    overlap: Literal["allow", "forbid", "replace"] = "forbid"


class BuildSettings(FrozenStruct):
    """What `headrace image` builds.

    `image` is what it is called, as configured; `base` what it is built on. `include` are patterns
    of files below the import root that it holds beside the modules.
    """

    base: str
    image: str | None = None
    include: tuple[str, ...] = ()


class PipelineSettings(FrozenStruct):
    """The settings of a whole pipeline.

    `store` is the URL of the artifact store; without one a manifest takes it as a run parameter.
    """

    store: str | None = None
    schedule: Schedule | None = None
    targets: tuple[str, ...] = ()
    platform: str | None = None
