"""The check of where steps run: names, and what the platform has, with the setting's own place."""

from collections.abc import Iterator
from typing import TypeAlias

from headrace.compiler import ir
from headrace.compiler.capabilities import Feature
from headrace.compiler.configuration import Configuration
from headrace.compiler.configuration_files import Tree, table_or_empty
from headrace.compiler.dataflow import walk
from headrace.compiler.diagnostics import Severity, Sink
from headrace.compiler.registry import load_placements
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.compiler.target import PlacementProblem
from headrace.compiler.toml_places import TomlPath

Placed: TypeAlias = tuple[Feature, Span]
"""Something that a placement needs of an engine, and a place that needs it."""

_OF_THE_PIPELINE = ("platform",)


def check_names(configuration: Configuration, sink: Sink) -> None:
    """Report every name of a platform or an accelerator that is none, also in other profiles."""
    own = {
        name
        for _, _, tree in configuration.tables()
        for name in table_or_empty(tree.get("accelerators"))
    }
    for layer, prefix, tree in configuration.tables():
        if "platform" in tree:
            problem = load_placements().platform_problem(tree["platform"])
            _report(problem, layer.origin.value((*prefix, "platform")), sink)
        for path, name in _accelerators(tree):
            platform = tree.get("platform", configuration.tree.get("platform"))
            problem = load_placements().accelerator_problem(name, own, platform)
            _report(problem, layer.origin.value((*prefix, *path)), sink)


def _accelerators(tree: Tree) -> Iterator[tuple[TomlPath, str]]:
    tables: list[tuple[TomlPath, Tree]] = [(("defaults",), tree.get("defaults", {}))]
    tables += [(("steps", name), table) for name, table in tree.get("steps", {}).items()]
    for path, table in tables:
        if table.get("accelerator", "cpu") != "cpu":
            yield (*path, "accelerator"), table["accelerator"]


def _report(problem: PlacementProblem | None, span: Span | None, sink: Sink) -> None:
    if problem is not None:
        sink.report(problem.code, problem.message, span, hint=problem.hint)


def check(pipeline: ir.Pipeline, configuration: Configuration, sink: Sink) -> list[Placed]:
    """Report what steps ask for that their platform does not have; warn of uncertain facts."""
    found: dict[Feature, Span] = {}
    judged: dict[int, StepSettings] = {}
    for node in walk(pipeline.body):
        if not isinstance(node, ir.Call | ir.Compute) or id(node.settings) in judged:
            continue
        judged[id(node.settings)] = node.settings  # shared by steps without settings of their own
        if node.settings.asks_by_name or node.settings.hosts > 1:
            for feature in _check_step(node, pipeline, configuration, sink):
                found.setdefault(feature, node.span)
    return list(found.items())


def _check_step(
    node: ir.Call | ir.Compute, pipeline: ir.Pipeline, configuration: Configuration, sink: Sink
) -> tuple[Feature, ...]:
    judgement = load_placements().judge(node.settings, pipeline.settings)
    names = [node.function.rpartition(":")[2]] if isinstance(node, ir.Call) else []
    problems = [judgement.problem] if judgement.problem else []
    for problem in (*problems, *judgement.doubts):
        if problem.setting in _OF_THE_PIPELINE:
            span = configuration.place_of_all(problem.setting)
        else:
            span = configuration.place_of([*names, node.id], problem.setting)
        is_doubt = problem in judgement.doubts
        sink.report(
            problem.code,
            f"step `{node.id}`: {problem.message}",
            span or node.span,
            severity=Severity.WARNING if is_doubt else Severity.ERROR,
            hint=problem.hint,
        )
    return judgement.features
