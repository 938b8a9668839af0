"""The settings of a pipeline and of its steps, as the IR carries them: merged and checked."""

from typing import Any, Literal

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


class NodeRequirement(FrozenStruct):
    """What is required of one label of a node; the fields are those of Kubernetes' API."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = "In"
    values: tuple[str, ...] = ()


class OwnAccelerator(FrozenStruct):
    """An accelerator that the configuration describes.

    `resource` is the name of the extended resource, `counts` how many of it a pod may ask for
    (empty: any number), `memory_gib` the memory of one. `device_class` is the DeviceClass of a
    resource claim for it, `device_selectors` are CEL expressions that its devices satisfy; without
    a `resource` it is always claimed.
    """

    resource: str = ""
    memory_gib: int | None = None
    counts: tuple[int, ...] = ()
    device_class: str | None = None
    device_selectors: tuple[str, ...] = ()
    node_selector: dict[str, str] = field(default_factory=dict)
    node_affinity: tuple[NodeRequirement, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    spot_node_selector: dict[str, str] = field(default_factory=dict)
    spot_tolerations: tuple[Toleration, ...] = ()
    runtime_class: str | None = None
    scheduler: str | None = None
    env: dict[str, str] = field(default_factory=dict)


class EmptyDir(FrozenStruct):
    """A folder that lives as long as the pod; the fields are those of the Kubernetes API."""

    medium: str = ""
    size_limit: str | None = None


class Volume(FrozenStruct):
    """What is mounted at a path: exactly one of the first five, by its name or its host's path."""

    pvc: str | None = None
    config_map: str | None = None
    secret: str | None = None
    host_path: str | None = None
    empty_dir: EmptyDir | None = None
    sub_path: str | None = None
    read_only: bool = False


class StoreAccess(FrozenStruct):
    """What every pod needs to reach the artifact store; the fields are those of `StepSettings`."""

    env: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    config_maps: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    service_account: str | None = None


class StepSettings(FrozenStruct):
    """Where and how a step runs.

    `cpu`, `memory`, `ephemeral_storage` and the values of `resources` (other resources by name) are
    Kubernetes quantities, used as request and as limit; `shared_memory` is the size of a volume of
    memory at `/dev/shm`. `accelerator` and `network` are names with an amount, which the platform
    of the pipeline gives their meaning; with `resource_claim` the accelerator is claimed from a
    driver of dynamic resource allocation, not asked for as a resource. `timeout` is in seconds and
    counts for each attempt. `code` says where the step's own sources and the shim are: in the
    image, or mounted beside it. `secrets` and `config_maps` name, for a variable, what it is taken
    from as `NAME/KEY`; `volumes` stand by the path where they are mounted. `queue` is that of
    Kueue, or of Volcano where that is the `scheduler`. The step runs on so many `hosts` at once,
    each in a pod of its own; a step that starts those of another has its settings in `of_hosts`.
    `pod` is a part of a Kubernetes PodSpec, merged into the pod last.
    """

    image: str
    code: Literal["image", "inline"] = "image"
    cpu: str | None = None
    memory: str | None = None
    ephemeral_storage: str | None = None
    resources: dict[str, str] = field(default_factory=dict)
    accelerator: str | None = None
    resource_claim: bool = False
    network: str | None = None
    spot: bool = False
    flex_start: bool = False
    compute_class: str | None = None
    zones: tuple[str, ...] = ()
    reservation: str | None = None
    machine_type: str | None = None
    machine_family: str | None = None
    shared_memory: str | None = None
    runtime_class: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    retries: Retries = Retries()
    timeout: int | None = None
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    secrets: dict[str, str] = field(default_factory=dict)
    config_maps: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    service_account: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    priority_class: str | None = None
    queue: str | None = None
    scheduler: str | None = None
    hosts: int = 1
    of_hosts: "StepSettings | None" = None
    pod: dict[str, Any] = field(default_factory=dict)

    def for_added_step(self, defaults: "StepSettings | None") -> "StepSettings":
        """Return the settings of a small step that the compiler adds, with the code of this one.

        It has what `defaults` give every pod, but no devices, nor the machines that have them.
        """
        if defaults is None:
            return StepSettings(image=self.image, code=self.code)
        return defaults.replace(image=self.image, code=self.code, **_NO_DEVICES)

    @property
    def asks_by_name(self) -> bool:
        """Whether something is asked for to which only the platform gives a meaning."""
        return bool(
            self.accelerator
            or self.network
            or self.spot
            or self.flex_start
            or self.compute_class
            or self.zones
            or self.reservation
            or self.machine_type
            or self.machine_family
        )


_NO_DEVICES: dict[str, Any] = {
    "resources": {},
    "accelerator": None,
    "resource_claim": False,
    "network": None,
    "spot": False,
    "flex_start": False,
    "compute_class": None,
    "zones": (),
    "reservation": None,
    "machine_type": None,
    "machine_family": None,
    "shared_memory": None,
    "hosts": 1,
}


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
    `store_access` is in the settings of all steps already, under what those say themselves.
    `platform` is the kind of cluster that manifests are for; `accelerators` are those that the
    configuration describes, by name.
    """

    store: str | None = None
    store_access: StoreAccess = StoreAccess()
    schedule: Schedule | None = None
    targets: tuple[str, ...] = ()
    platform: str | None = None
    accelerators: dict[str, OwnAccelerator] = field(default_factory=dict)

    @property
    def store_packages(self) -> tuple[str, ...]:
        """The Python packages, as pip is told of them, without which no step reaches the store."""
        is_bucket = self.store is not None and not self.store.startswith(("file:", "/"))
        return ("obstore>=0.8",) if is_bucket else ()


class ImagePolicy(FrozenStruct):
    """Which images a pod may use: those of `registries` (all, if there are none), and how named."""

    registries: tuple[str, ...] = ()
    digest: Literal["required"] | None = None
    latest: Literal["forbid"] | None = None


class AcceleratorPolicy(FrozenStruct):
    """Which accelerators a step may ask for, as patterns; without `allow` all that are not in
    `forbid`.
    """

    allow: tuple[str, ...] | None = None
    forbid: tuple[str, ...] = ()


class Policy(FrozenStruct):
    """What the pods of a pipeline must keep to. `limits` are resources that must have one."""

    images: ImagePolicy = ImagePolicy()
    accelerators: AcceleratorPolicy = AcceleratorPolicy()
    limits: tuple[str, ...] = ()
    host_paths: Literal["forbid"] | None = None
    host_namespaces: Literal["forbid"] | None = None
    privileged: Literal["forbid"] | None = None
