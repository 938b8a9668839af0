"""What targets can express: one table for each, and the check of a pipeline against it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from headrace.compiler import dataflow, ir
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span


class Feature(StrEnum):
    """Something that a pipeline may need of an engine."""

    STEP = "step"
    MAP = "map"
    NESTED_MAP = "map inside a map"
    GUARDED_NESTED_MAP = "map inside try/finally inside a map"
    BRANCH = "branch"
    BRANCH_IN_MAP = "branch inside a map"
    MAP_IN_BRANCH = "map inside a branch"
    GUARD = "cleanup that always runs"
    GUARD_IN_MAP = "cleanup inside a map"
    EFFECT_ORDER = "order of effects"
    RETRIES = "retries"
    RETRY_BACKOFF = "growing retry delay"
    TIMEOUT = "timeout of a step"
    RESOURCES = "cpu, memory and other resources"
    NODE_SELECTOR = "node selector"
    TOLERATIONS = "tolerations"
    NODE_AFFINITY = "node affinity"
    SHARED_MEMORY = "volume of shared memory"
    RUNTIME_CLASS = "runtime class"
    RESOURCE_CLAIM = "step with a resource claim"
    REFERENCES = "step with secrets or config maps"
    VOLUMES = "step with volumes"
    HOST_PATHS = "step with a folder of its host"
    SERVICE_ACCOUNT = "step with a service account"
    METADATA = "step with labels or annotations"
    PRIORITY_CLASS = "step with a priority class"
    QUEUE = "step in a queue"
    SCHEDULER = "step with a scheduler of its own"
    HOSTS = "step on several hosts"
    POD = "step with other fields of a pod"
    SCHEDULE = "schedule"
    TIMEZONE = "schedule in a time zone"
    CATCHUP = "catch-up of missed runs"
    OVERLAP_REPLACE = "schedule that replaces a running run"


class Level(StrEnum):
    """How a target supports a feature."""

    NATIVE = "native"
    LOWERED = "lowered"
    REFUSED = "refused"


@dataclass(frozen=True)
class Support:
    """How a target does a feature: why so, since which version of the engine, and who says it."""

    level: Level
    how: str
    since: str = ""
    reference: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Capabilities:
    """The table of one target. `title` is the engine's own name; every feature must be listed.

    A target that `flattens_maps` is given pipelines that the pass `flatten` has been over.
    """

    name: str
    title: str
    versions: str
    features: dict[Feature, Support] = field(default_factory=dict)
    flattens_maps: bool = False


def features_used(pipeline: ir.Pipeline) -> Iterator[tuple[Feature, Span]]:
    """Yield what `pipeline` needs of an engine, each feature with a place that needs it."""
    yield from _schedule_features(pipeline)
    yield from _block_features(pipeline.body, frozenset())


def _schedule_features(pipeline: ir.Pipeline) -> Iterator[tuple[Feature, Span]]:
    schedule = pipeline.settings.schedule
    if schedule is None:
        return
    yield Feature.SCHEDULE, pipeline.span
    if schedule.timezone != "UTC":
        yield Feature.TIMEZONE, pipeline.span
    if schedule.catchup:
        yield Feature.CATCHUP, pipeline.span
    if schedule.overlap == "replace":
        yield Feature.OVERLAP_REPLACE, pipeline.span


_OWN_FEATURE = {ir.Map: Feature.MAP, ir.Branch: Feature.BRANCH, ir.Guard: Feature.GUARD}

_WITHIN = {
    Feature.MAP: {
        Feature.MAP: Feature.NESTED_MAP,
        Feature.BRANCH: Feature.MAP_IN_BRANCH,
        Feature.GUARD_IN_MAP: Feature.GUARDED_NESTED_MAP,
    },
    Feature.BRANCH: {Feature.MAP: Feature.BRANCH_IN_MAP},
    Feature.GUARD: {Feature.MAP: Feature.GUARD_IN_MAP},
}
"""What it is called when the first stands within the second."""


def _block_features(block: ir.Block, inside: frozenset[Feature]) -> Iterator[tuple[Feature, Span]]:
    for node in block.nodes:
        if node.after:
            yield Feature.EFFECT_ORDER, node.span
        match node:
            case ir.Call() | ir.Compute():
                yield Feature.STEP, node.span
                yield from ((feature, node.span) for feature in _settings_features(node))
            case ir.Map() | ir.Branch() | ir.Guard():
                own = _OWN_FEATURE[type(node)]
                yield own, node.span
                yield from ((f, node.span) for outer, f in _WITHIN[own].items() if outer in inside)
                within = inside | {own}
                if own is Feature.GUARD and Feature.MAP in inside:
                    within |= {Feature.GUARD_IN_MAP}
                for inner in dataflow.blocks(node):
                    yield from _block_features(inner, within)


_ATTRIBUTES = {
    Feature.RESOURCES: "resources",
    Feature.NODE_SELECTOR: "node_selector",
    Feature.NODE_AFFINITY: "node_terms",
    Feature.TOLERATIONS: "tolerations",
    Feature.SHARED_MEMORY: "shared_memory",
    Feature.RUNTIME_CLASS: "runtime_class",
    Feature.RESOURCE_CLAIM: "claim",
    Feature.SCHEDULER: "scheduler",
}
"""What the settings of a step say, and what its placement says, by the name that it has in both."""


def features_of_place(given: object) -> Iterator[Feature]:
    """Yield what `given`, the settings of a step or its placement, needs to say where it runs."""
    return (feature for feature, name in _ATTRIBUTES.items() if getattr(given, name, None))


def _settings_features(node: ir.Call | ir.Compute) -> Iterator[Feature]:
    settings = node.settings
    if settings.retries.limit:
        yield Feature.RETRIES
        if settings.retries.factor != 1:
            yield Feature.RETRY_BACKOFF
    if settings.timeout is not None:
        yield Feature.TIMEOUT
    if settings.cpu or settings.memory or settings.ephemeral_storage:
        yield Feature.RESOURCES
    yield from features_of_place(settings)
    yield from _pod_features(settings)


def _pod_features(settings: StepSettings) -> Iterator[Feature]:
    if settings.secrets or settings.config_maps:
        yield Feature.REFERENCES
    for volume in settings.volumes.values():
        yield Feature.HOST_PATHS if volume.host_path is not None else Feature.VOLUMES
    asked = {
        Feature.SERVICE_ACCOUNT: settings.service_account,
        Feature.METADATA: settings.labels or settings.annotations,
        Feature.PRIORITY_CLASS: settings.priority_class,
        Feature.QUEUE: settings.queue,
        Feature.POD: settings.pod,
    }
    yield from (feature for feature, value in asked.items() if value)


def check(
    pipeline: ir.Pipeline,
    capabilities: Capabilities,
    placed: Iterable[tuple[Feature, Span]] = (),
) -> Iterator[Diagnostic]:
    """Yield an error for each place of `pipeline` that needs what the target refuses.

    `placed` is what the placements of its steps need, with a place of each.
    """
    used = dict.fromkeys((*features_used(pipeline), *placed))
    for feature, span in used:
        support = capabilities.features[feature]
        if support.level is Level.REFUSED:
            yield Diagnostic(
                code="HR501",
                message=f"{capabilities.title} cannot run a {feature.value}: {support.how}",
                span=span,
                label=f"needs: {feature.value}",
                hint=support.hint or f"leave {capabilities.name} out with --target",
            )
