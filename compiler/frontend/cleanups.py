"""Lowering of `try` and `finally`: a guard, whose cleanup runs whatever became of its body."""

import ast
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference, defining_node, walk
from headrace.compiler.fresh_names import Names
from headrace.compiler.frontend.branches import merge_name
from headrace.compiler.frontend.handlers import lower_try, subject
from headrace.compiler.frontend.lowering import EXCEPTION, NOTHING, Unavailable
from headrace.compiler.frontend.scopes import flow_into, may_raise
from headrace.compiler.frontend.structure import replaced

if TYPE_CHECKING:
    from headrace.compiler.frontend.statements import BlockLowering


def lower_any_try(lowering: "BlockLowering", node: ast.Try, live: frozenset[str]) -> None:
    """Lower `node`, with or without `finally`."""
    if not node.finalbody:
        lower_try(lowering, node, live)
        return
    tried: list[ast.stmt] = [replaced(node, finalbody=[])]
    guarded = tried if node.handlers else node.body
    has_step = lowering.expressions.has_step
    if any(may_raise(s, has_step) for s in guarded) and any(
        may_raise(s, has_step) for s in node.finalbody
    ):
        _guard(lowering, node, guarded, live)
    else:
        needed = flow_into(node.finalbody).needed
        lowering.run(guarded, live | needed)
        if not (lowering.ends or lowering.left):
            lowering.run(node.finalbody, live)


def _guard(
    lowering: "BlockLowering", node: ast.Try, guarded: list[ast.stmt], live: frozenset[str]
) -> None:
    """Add a guard of the statements `guarded` and the cleanup of `node`."""
    span, catching = lowering.span(node), bool(lowering.shared.catching)
    live = live | {EXCEPTION} if catching else live
    body, cleanup = lowering.inner(), lowering.inner()
    body.run(guarded, live)
    for name, place in body.assigned.items():
        gone = Unavailable(place, span, "an exception may come before it is bound")
        cleanup.environment[name] = gone
    if catching:
        cleanup.environment[EXCEPTION] = NOTHING
    cleanup.run(node.finalbody, live)
    id = lowering.shared.fresh_id(f"try-{subject(node)}")
    for part in (body, cleanup):
        if part.block.first_step() is None and not part.block.obligations:
            # What may raise, as far as its text tells, was a constant: no engine has empty blocks.
            part.block.require(ir.Glue(source="None"), span)
    exits = [*_exits(body, live, node), *_exits(cleanup, live, node)]
    names = Names()
    collected = [
        (variable, ir.Collected(name=names.fresh(merge_name(variable), "_"), value=value))
        for variable, value in exits
    ]
    guard = ir.Guard(
        id=id,
        body=body.block.finish(),
        cleanup=cleanup.block.finish(),
        exits=tuple(c for _, c in collected),
        span=span,
    )
    effect = body.block.has_effect or cleanup.block.has_effect
    lowering.block.add(guard, effect=effect)
    lowering.block.acts |= body.block.acts or cleanup.block.acts
    lowering.ends = body.ends or cleanup.ends
    lowering.left = body.left or cleanup.left
    _bind_exits(lowering, guard, collected)


def _exits(
    inner: "BlockLowering", live: frozenset[str], node: ast.Try
) -> list[tuple[str, AnyReference]]:
    """Return what the names that `inner` binds stand for after the guard."""
    found = []
    for name in inner.assigned:
        value = inner.environment.get(name)
        if name not in live or value is None or isinstance(value, Unavailable):
            continue
        inner.expressions.embed(value, name)
        found.append((name, inner.block.settle(value, "value", merge_name(name), inner.span(node))))
    return found


def _bind_exits(
    lowering: "BlockLowering", guard: ir.Guard, collected: list[tuple[str, ir.Collected]]
) -> None:
    inside = {node.id for block in (guard.body, guard.cleanup) for node in walk(block)}
    for variable, exit in collected:
        made = defining_node(exit.value) if not isinstance(exit.value, ir.Glue) else None
        value = ir.Merge(branch=guard.id, name=exit.name) if made in inside else exit.value
        if isinstance(value, ir.Merge):
            lowering.shared.types[value] = lowering.shared.types.of(exit.value)
        if variable == EXCEPTION:
            # What the cleanup raises replaces what the body has raised.
            lowering.block.raised.insert(0, value)
        else:
            lowering.environment[variable] = value
            lowering.assigned[variable] = guard.span
