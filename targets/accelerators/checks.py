"""What the compiler asks before any target places a step: is there what is asked for?"""

from collections.abc import Iterable, Mapping

from headrace.compiler.capabilities import Feature, features_of_place
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.compiler.target import (
    DevicesAsked,
    PlacementJudgement,
    PlacementProblem,
    Placements,
)
from headrace.targets.accelerators import catalogue, devices, listing, resolver
from headrace.targets.accelerators.assembly import assembled
from headrace.targets.accelerators.refusal import UNCERTAIN, Unplaceable


class _Checks:
    def platform_problem(self, name: str) -> PlacementProblem | None:
        """Return what is wrong with `name` as that of a platform, if anything is."""
        try:
            resolver.platform_called(name)
        except Unplaceable as refusal:
            return _problem(refusal)
        return None

    def accelerator_problem(
        self, text: str, own: Iterable[str], platform: str | None
    ) -> PlacementProblem | None:
        """Return what is wrong with `text` on any platform; `own` are the user's own names.

        The names that `platform` has are a way out, if it is one.
        """
        is_known = platform is not None and self.platform_problem(platform) is None
        there = resolver.platform_called(platform) if platform and is_known else None
        try:
            resolver.check_name(text, own, there)
        except Unplaceable as refusal:
            return _problem(refusal)
        return None

    def rows(self, platform: str | None) -> list[Mapping[str, object]]:
        """Return what can be asked for on `platform`, or on all, as `headrace accelerators` shows.

        `platform` is one that `platform_problem` has nothing against.
        """
        return [row.as_object() for row in listing.rows(platform)]

    def platforms(self) -> dict[str, str]:
        """Return all names of platforms, short ones too, each with what it stands for."""
        titles = {name: catalogue.platform(name).title for name in catalogue.platform_names()}
        aliases = catalogue.platform_aliases().items()
        return titles | {alias: f"{name}: {titles[name]}" for alias, name in aliases}

    def judge(self, settings: StepSettings, pipeline: PipelineSettings) -> PlacementJudgement:
        """Return what is to say of a step with `settings`."""
        try:
            found = assembled(settings, pipeline)
        except Unplaceable as refusal:
            return PlacementJudgement(_problem(refusal))
        several = found.placement.hosts > 1  # what their pods are is no engine's affair
        features = (Feature.HOSTS,) if several else tuple(features_of_place(found.placement))
        doubts = tuple(_doubt(settings, what) for what in found.doubts)
        return PlacementJudgement(doubts=doubts, features=features)

    def devices(self, settings: StepSettings, pipeline: PipelineSettings) -> DevicesAsked:
        """Return what the `accelerator` of `settings` may come to; it is set, and not `cpu`."""
        assert settings.accelerator is not None
        return devices.asked_by_name(settings.accelerator, pipeline, settings.machine_type)

    def devices_of(
        self, resource: str, settings: StepSettings, pipeline: PipelineSettings
    ) -> DevicesAsked:
        """Return what a step with `settings` may get that asks for `resource`."""
        return devices.asked_by_resource(resource, settings.node_selector, pipeline)

    def meant_by(self, name: str) -> tuple[str, ...]:
        """Return the names of all devices that `name` stands for, on any platform."""
        return devices.meant_by(name)


def _problem(refusal: Unplaceable) -> PlacementProblem:
    return PlacementProblem(refusal.code, refusal.message, refusal.hint, refusal.setting)


def _doubt(settings: StepSettings, what: str) -> PlacementProblem:
    return PlacementProblem(
        UNCERTAIN,
        f"what is known of accelerator {settings.accelerator!r} is uncertain: {what}",
        "compare the labels in the manifest with those of a node, or describe it yourself in a "
        "table [accelerators.NAME]",
    )


PLACEMENTS: Placements = _Checks()
"""The checks, as the compiler knows them."""
