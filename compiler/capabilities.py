"""What targets can express: one table for each, and the check of a pipeline against it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from headrace.compiler import dataflow, ir
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.source import Span


class Feature(StrEnum):
    """Something that a pipeline may need of an engine."""

    STEP = "step"
    MAP = "map"
    NESTED_MAP = "map inside a map"
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
    """The table of one target. `title` is the engine's own name; every feature must be listed."""

    name: str
    title: str
    versions: str
    features: dict[Feature, Support] = field(default_factory=dict)


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


def _block_features(block: ir.Block, inside: frozenset[Feature]) -> Iterator[tuple[Feature, Span]]:
    for node in block.nodes:
        if node.after:
            yield Feature.EFFECT_ORDER, node.span
        match node:
            case ir.Call() | ir.Compute():
                yield Feature.STEP, node.span
                yield from ((feature, node.span) for feature in _settings_features(node))
            case ir.Map():
                yield Feature.MAP, node.span
                if Feature.MAP in inside:
                    yield Feature.NESTED_MAP, node.span
                if Feature.BRANCH in inside:
                    yield Feature.MAP_IN_BRANCH, node.span
                yield from _block_features(node.body, inside | {Feature.MAP})
            case ir.Branch():
                yield Feature.BRANCH, node.span
                if Feature.MAP in inside:
                    yield Feature.BRANCH_IN_MAP, node.span
                for arm in dataflow.blocks(node):
                    yield from _block_features(arm, inside | {Feature.BRANCH})
            case ir.Guard():
                yield Feature.GUARD, node.span
                if Feature.MAP in inside:
                    yield Feature.GUARD_IN_MAP, node.span
                for block_of_guard in dataflow.blocks(node):
                    yield from _block_features(block_of_guard, inside)


def _settings_features(node: ir.Call | ir.Compute) -> Iterator[Feature]:
    settings = node.settings
    if settings.retries.limit:
        yield Feature.RETRIES
        if settings.retries.factor != 1:
            yield Feature.RETRY_BACKOFF
    if settings.timeout is not None:
        yield Feature.TIMEOUT
    if settings.cpu or settings.memory or settings.resources:
        yield Feature.RESOURCES
    if settings.node_selector:
        yield Feature.NODE_SELECTOR
    if settings.tolerations:
        yield Feature.TOLERATIONS


def check(pipeline: ir.Pipeline, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """Yield an error for each place of `pipeline` that needs what the target refuses."""
    for feature, span in features_used(pipeline):
        support = capabilities.features[feature]
        if support.level is Level.REFUSED:
            yield Diagnostic(
                code="HR501",
                message=f"{capabilities.title} cannot run a {feature.value}: {support.how}",
                span=span,
                label=f"needs: {feature.value}",
                hint=support.hint or f"leave {capabilities.name} out with --target",
            )
