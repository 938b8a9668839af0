"""Lowering of `if`: two blocks, and what the names that they bind stand for afterwards."""

import ast
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.fresh_names import Names
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.lowering import EXCEPTION, NOTHING, Unavailable, identifier
from headrace.compiler.frontend.structure import RESULT
from headrace.compiler.source import Span
from headrace.runtime import wire

if TYPE_CHECKING:
    from headrace.compiler.frontend.statements import BlockLowering


def lower_if(lowering: "BlockLowering", node: ast.If, live: frozenset[str]) -> None:
    """Lower `node`; `live` are the names that are read after it."""
    test = lowering.expressions.value(node.test, "condition")
    lowering.expressions.check_steers(test, node.test)
    if isinstance(test, ir.Const):
        lowering.run(node.body if wire.decode(test.text) else node.orelse, live)
        return
    span = lowering.span(node)
    if isinstance(test, ir.Glue):
        lowering.block.obligations.pop(test, None)
    arms = [lowering.inner(), lowering.inner()]
    for arm, statements in zip(arms, (node.body, node.orelse), strict=True):
        arm.run(statements, live)
    merged = _merged(lowering, arms, live, span)
    id = lowering.shared.fresh_id(f"if-{_hint(merged, arms)}")
    condition = lowering.block.settle(test, "condition", f"{id}-condition", span)
    _add(lowering, id, condition, arms, merged, span)


def add_branch(
    lowering: "BlockLowering",
    id: str,
    condition: AnyReference,
    arms: "list[BlockLowering]",
    live: frozenset[str],
    span: Span,
) -> None:
    """Add a branch with the blocks of `arms`; bind the names in `live` to what they give."""
    _add(lowering, id, condition, arms, _merged(lowering, arms, live, span), span)


def _add(
    lowering: "BlockLowering",
    id: str,
    condition: AnyReference,
    arms: "list[BlockLowering]",
    merged: list[str],
    span: Span,
) -> None:
    names = Names()
    choices = {
        variable: _choice(variable, names.fresh(merge_name(variable), "_"), arms, span)
        for variable in merged
    }
    then, otherwise = (arm.block.finish() for arm in arms)
    branch = ir.Branch(
        id=id,
        condition=condition,
        then=then,
        otherwise=otherwise,
        merges=tuple(choices.values()),
        span=span,
    )
    if then.nodes or otherwise.nodes or choices:
        lowering.block.add(branch, effect=any(arm.block.has_effect for arm in arms))
        lowering.block.acts |= any(arm.block.acts for arm in arms)
    _join_environments(lowering, arms, merged)
    for variable, choice in choices.items():
        merged_value = ir.Merge(branch=branch.id, name=choice.name)
        lowering.environment[variable] = merged_value
        given = [
            value
            for arm, value in zip(arms, (choice.then, choice.otherwise), strict=True)
            if not arm.ends and _has(arm, variable)
        ]
        lowering.shared.types[merged_value] = lowering.shared.types.merged(given)
        lowering.assigned[variable] = span


def _join_environments(
    lowering: "BlockLowering", arms: "list[BlockLowering]", merged: list[str]
) -> None:
    completing = [arm for arm in arms if not arm.ends]
    lowering.ends = not completing
    lowering.left = bool(completing) and all(arm.left for arm in completing)
    fresh = [set(arm.environment.fresh.items()) for arm in completing]
    lowering.environment.fresh = dict(set.intersection(*fresh)) if fresh else {}
    for name in merged:
        unsure = (name in arm.environment.unsure or not _has(arm, name) for arm in completing)
        if any(unsure):
            lowering.environment.unsure.add(name)
        else:
            lowering.environment.unsure.discard(name)


def merge_name(variable: str) -> str:
    """Return the name under which a branch gives `variable`."""
    return _MERGE_NAMES.get(variable) or identifier(variable)


_MERGE_NAMES = {RESULT: "result", EXCEPTION: "caught"}


def _hint(merged: list[str], arms: "list[BlockLowering]") -> str:
    if merged:
        return kebab(merge_name(merged[0]))
    return next(filter(None, (arm.block.first_step() for arm in arms)), "branch")


def _merged(
    lowering: "BlockLowering", arms: "list[BlockLowering]", live: frozenset[str], span: Span
) -> list[str]:
    """Return the names that the arms bind, that are read later and that every arm leaves bound.

    An arm that is left by an exception need not: where the exception is handled, its names are
    known to be unsure.
    """
    completing = [arm for arm in arms if not arm.ends]
    needed = [arm for arm in completing if not arm.left] or completing
    bound = dict.fromkeys(name for arm in completing for name in arm.assigned)
    return [name for name in bound if name in live and _in_all(lowering, name, needed, arms, span)]


def _in_all(
    lowering: "BlockLowering",
    name: str,
    needed: "list[BlockLowering]",
    arms: "list[BlockLowering]",
    span: Span,
) -> bool:
    """Whether the arms `needed` leave `name` bound; if not, reading it afterwards is an error."""
    for arm in needed:
        if not _has(arm, name):
            found = arm.environment.get(name)
            bound_at = next(a.assigned[name] for a in arms if name in a.assigned)
            lowering.environment[name] = (
                found if isinstance(found, Unavailable) else Unavailable(bound_at, span)
            )
            lowering.assigned[name] = bound_at
            return False
    return True


def _has(arm: "BlockLowering", name: str) -> bool:
    return not isinstance(arm.environment.get(name), Unavailable | None)


def _choice(variable: str, name: str, arms: "list[BlockLowering]", span: Span) -> ir.Choice:
    references: list[AnyReference] = []
    for arm in arms:
        value = arm.environment.get(variable)
        if arm.ends or value is None or isinstance(value, Unavailable):
            references.append(NOTHING)
            continue
        arm.expressions.embed(value, name)
        references.append(arm.block.settle(value, "value", name, span))
    return ir.Choice(name=name, then=references[0], otherwise=references[1])
