"""What a target is to the compiler."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from headrace.compiler import ir
from headrace.compiler.capabilities import Capabilities, Feature
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.settings import PipelineSettings, StepSettings


@dataclass(frozen=True)
class ManifestFile:
    """A file of a manifest: its name, without a folder, and its text."""

    name: str
    text: str


class Target(Protocol):
    """An engine that runs pipelines."""

    @property
    def capabilities(self) -> Capabilities:
        """What the engine can express, how, and within which limits."""

    def check(self, pipeline: ir.Pipeline) -> Iterable[Diagnostic]:
        """Yield what the capability table cannot say: names, sizes and widths past a limit."""

    def file_names(self, pipeline: ir.Pipeline) -> tuple[str, ...]:
        """Return the names of all files that `emit` writes for it, whatever its settings are.

        A `*` in a name stands for any text.
        """

    def emit(self, pipeline: ir.Pipeline) -> tuple[ManifestFile, ...]:
        """Return the manifest of `pipeline`, verified: every reference in it resolves.

        Raises:
            InternalError: the manifest is wrong although the pipeline was accepted.
        """


T = TypeVar("T")


class Lowerings(Generic[T]):
    """Lowers a pipeline once for a target's `check` and for the `emit` that follows it."""

    def __init__(self, lower: Callable[[ir.Pipeline], T]) -> None:
        """Lower with `lower`."""
        self._lower = lower
        self._kept: tuple[ir.Pipeline, T] | None = None

    def keep(self, pipeline: ir.Pipeline) -> T:
        """Return `pipeline` lowered, and keep it for the next `take`."""
        self._kept = pipeline, self.take(pipeline)
        return self._kept[1]

    def take(self, pipeline: ir.Pipeline) -> T:
        """Return `pipeline` lowered, and forget it."""
        kept, self._kept = self._kept, None
        return kept[1] if kept and kept[0] is pipeline else self._lower(pipeline)


@dataclass(frozen=True)
class PlacementProblem:
    """Why a step cannot be placed: the parts of a diagnostic, and the setting that asks for it."""

    code: str
    message: str
    hint: str
    setting: str = "accelerator"


@dataclass(frozen=True)
class PlacementJudgement:
    """What is to say of the placement of a step: a problem, or what it needs of an engine.

    `doubts` are problems that only warn.
    """

    problem: PlacementProblem | None = None
    doubts: tuple[PlacementProblem, ...] = ()
    features: tuple[Feature, ...] = ()


@dataclass(frozen=True)
class DevicesAsked:
    """What a step may get that asks for a device, each as all names that it is known by.

    It asks for any of `named`; `unnamed` are those that it may get although it does not say so.
    """

    named: tuple[tuple[str, ...], ...]
    unnamed: tuple[tuple[str, ...], ...] = ()


class Placements(Protocol):
    """Who knows what platforms call accelerators."""

    def platform_problem(self, name: str) -> PlacementProblem | None:
        """Return what is wrong with `name` as that of a platform, if anything is."""

    def accelerator_problem(
        self, text: str, own: Iterable[str], platform: str | None
    ) -> PlacementProblem | None:
        """Return what is wrong with `text` on any platform; `own` are the user's own names.

        The names that `platform` has are a way out, if it is one.
        """

    def platforms(self) -> dict[str, str]:
        """Return all names of platforms, short ones too, each with what it stands for."""

    def rows(self, platform: str | None) -> list[Mapping[str, object]]:
        """Return what can be asked for on `platform`, or on all, as `headrace accelerators` shows.

        `platform` is one that `platform_problem` has nothing against.
        """

    def judge(self, settings: StepSettings, pipeline: PipelineSettings) -> PlacementJudgement:
        """Return what is to say of a step with `settings`."""

    def devices(self, settings: StepSettings, pipeline: PipelineSettings) -> DevicesAsked:
        """Return what the `accelerator` of `settings` may come to; it is set, and not `cpu`."""

    def devices_of(
        self, resource: str, settings: StepSettings, pipeline: PipelineSettings
    ) -> DevicesAsked:
        """Return what a step with `settings` may get that asks for `resource`."""

    def meant_by(self, name: str) -> tuple[str, ...]:
        """Return the names of all devices that `name` stands for, on any platform."""
