"""Lowering of `for`: a map where no turn needs another one, else the turns written out.

A turn of a map may add to lists and dicts from before the loop: what it adds is gathered, turn by
turn, and joined to what was there.
"""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.compiler import glue, ir
from headrace.compiler.dataflow import AnyReference, AnyValue, references
from headrace.compiler.fresh_names import Names
from headrace.compiler.frontend import fold
from headrace.compiler.frontend.blocks import CAUGHT
from headrace.compiler.frontend.branches import merge_name
from headrace.compiler.frontend.comprehensions import lower_glue
from headrace.compiler.frontend.lowering import EMPTY, EXCEPTION, NOTHING, REFUSED, Unavailable
from headrace.compiler.frontend.scopes import Flow, flow_into, names_bound
from headrace.compiler.frontend.types import UNKNOWN, element, show
from headrace.runtime import wire

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering
    from headrace.compiler.frontend.statements import BlockLowering

MOST_TURNS = 100
"""The most turns of a loop that are written out one after the other."""

_JOIN = {"list": "flattened", "dict": "merged"}
"""The functions of glue that join what the turns of a loop add."""


def lower_for(lowering: "BlockLowering", node: ast.For, live: frozenset[str]) -> None:
    """Lower `node`; `live` are the names that are read after it."""
    if not _is_plain(node.target):
        lowering.error(
            "HR102",
            node.target,
            "only names can be bound by a loop",
            "bind a plain name, and take it apart in a step",
        )
        lowering.bind_names(node)
        return
    bound = names_bound([node.target, *node.body])
    flow = flow_into(node.body, names_bound([node.target]))
    carried = [name for name in bound if name in flow.needed or name in live]
    carried += [name for name in flow.added if name in flow.exposed]
    if carried:
        _write_out(lowering, node, live, carried[0], flow)
    else:
        _map(lowering, node, list(flow.added))
    if not lowering.ends:
        lowering.run(node.orelse, live)


def _is_plain(target: ast.expr) -> bool:
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
    return all(map(_is_plain, parts)) if parts else isinstance(target, ast.Name)


# --- turns written out ---------------------------------------------------------------------------


def _write_out(
    lowering: "BlockLowering", node: ast.For, live: frozenset[str], carried: str, flow: Flow
) -> None:
    items = _constant_items(lowering, node)
    if items is None and _is_refused(lowering, node.iter):
        _run_refused(lowering, node)
        return
    if items is None or len(items) > MOST_TURNS:
        _refuse(lowering, node, carried, flow, items)
        return
    for item in items:
        value = ir.Const(text=wire.encode(item))
        lowering.bind(node.target, value, node.iter)
        lowering.run(node.body, live | flow.needed)
        if lowering.ends:
            return


def _refuse(
    lowering: "BlockLowering",
    node: ast.For,
    carried: str,
    flow: Flow,
    items: Sequence[object] | None,
) -> None:
    place = flow.exposed.get(carried) or flow.added.get(carried)
    reason = (
        f"a turn of this loop needs `{carried}` from an earlier one"
        if place
        else f"`{carried}` is read after this loop"
    )
    unknown = "how many turns there are is not known before the run"
    count = unknown if items is None else f"more than {MOST_TURNS} turns are not written out"
    lowering.shared.sink.report(
        "HR106",
        f"{reason}, and {count}",
        lowering.span(place or names_bound([node.target, *node.body])[carried]),
        label="from one turn to the next" if place else "what the last turn binds",
        hint="collect what the turns give with `append`, and combine it in a step after the loop",
    )
    _run_refused(lowering, node)


def _is_refused(lowering: "BlockLowering", node: ast.expr) -> bool:
    """Whether `node` holds a value that was refused, so that nothing is known of the turns."""
    expressions = lowering.expressions
    return not expressions.has_step(node) and REFUSED in references(expressions.value(node))


def _run_refused(lowering: "BlockLowering", node: ast.For) -> None:
    """Lower the body of `node`, which is refused, for the mistakes in it."""
    lowering.bind_names(node)
    lowering.inner().run(node.body, frozenset())


def _constant_items(lowering: "BlockLowering", node: ast.For) -> list[object] | None:
    """Return what `node` runs over, if that is known."""
    if lowering.expressions.has_step(node.iter):
        return None
    listed = ast.Call(ast.Name("list", ast.Load()), [lowering.expressions.visit(node.iter)], [])
    try:
        items = fold.constant(ast.copy_location(listed, node.iter))
    except fold.NotConstant:
        return None
    return items if isinstance(items, list) else None


# --- maps ----------------------------------------------------------------------------------------


def _map(lowering: "BlockLowering", node: ast.For, added: list[str]) -> None:
    span, expressions = lowering.span(node), lowering.expressions
    variables = list(names_bound([node.target]))
    expressions.hint = added[0] if added else f"each-{variables[0]}"
    id = lowering.shared.fresh_id(expressions.hint)
    items = _settled_items(expressions, node, id)
    environment = lowering.environment.inner(_item_values(expressions, node.target, id))
    for name in added:
        kind = lowering.environment.fresh.get(name)
        if kind is not None:
            environment[name] = EMPTY[kind]
            environment.fresh[name] = kind
    turn = lowering.inner(environment)
    read = {EXCEPTION} if lowering.shared.catching else set()
    turn.run(node.body, frozenset(read.union(added)))
    given = [name for name in added if name in lowering.environment.fresh]
    gathers = _gathers(turn, given, id, node)
    caught = _gathered_exceptions(turn, node)
    lowering.block.acts |= turn.block.acts
    if caught and turn.block.acts:
        lowering.error(
            "HR106",
            node,
            "turns of this loop have effects, and one that raises would not keep the later ones "
            "from theirs",
            "handle the exception inside the loop, or loop in a step",
        )
    lowering.block.add(
        ir.Map(
            id=id,
            items=items,
            body=turn.block.finish(),
            gathers=(*(collected for collected, _ in gathers.values()), *caught),
            span=span,
        ),
        effect=turn.block.has_effect,
    )
    _raise_first(lowering, [ir.Gather(map=id, name=c.name) for c in caught], added)
    for name, (collected, is_single) in gathers.items():
        gathered = ir.Gather(map=id, name=collected.name)
        lowering.shared.types[gathered] = lowering.shared.types.list_of(collected.value)
        _join(lowering, name, gathered, is_single, node)
    for name, place in names_bound([node.target, *node.body]).items():
        lowering.environment[name] = Unavailable(
            lowering.span(place), span, "this loop may have no turn"
        )


def _gathers(
    turn: "BlockLowering", added: list[str], id: str, node: ast.For
) -> dict[str, tuple[ir.Collected, bool]]:
    """Return what the map gathers for each of `added`: one element, or all that a turn adds."""
    names = Names({CAUGHT})
    gathers = {}
    for name in added:
        value = turn.environment[name]
        assert not isinstance(value, Unavailable)
        wanted = "out" if len(added) == 1 else names.fresh(merge_name(name), "_")
        element = _only_element(turn, value)
        # What the list is made of is evaluated where its element is.
        turn.expressions.embed(value, name)
        reference = turn.block.settle(
            value if element is None else element, "value", wanted, turn.span(node)
        )
        gathers[name] = ir.Collected(name=wanted, value=reference), element is not None
    return gathers


def _gathered_exceptions(turn: "BlockLowering", node: ast.For) -> tuple[ir.Collected, ...]:
    """Return the gather of what the turns have caught, if they may have."""
    exception = turn.environment.get(EXCEPTION, NOTHING)
    if exception == NOTHING or isinstance(exception, Unavailable):
        return ()
    reference = turn.block.settle(exception, "value", CAUGHT, turn.span(node))
    return (ir.Collected(name=CAUGHT, value=reference),)


def _raise_first(lowering: "BlockLowering", gathered: list[ir.Gather], added: list[str]) -> None:
    """Take the first exception that a turn has caught for what the loop raises."""
    for gather in gathered:
        caught = ast.Name(lowering.shared.name_of(gather, CAUGHT), ast.Load())
        call = ast.Call(ast.Name("first_raised", ast.Load()), [caught], [])
        lowering.block.raised.append(lowering.expressions.wrap(call))
        lowering.environment.unsure.update(added)


def _only_element(turn: "BlockLowering", value: AnyValue) -> AnyValue | None:
    """Return the one element of a list display, if `value` is that."""
    if isinstance(value, ir.Const) and value.text.startswith("["):
        texts = wire.split_items(value.text)
        return ir.Const(text=texts[0].removeprefix(wire.VALUE_MARK)) if len(texts) == 1 else None
    if isinstance(value, ir.Glue):
        display = glue.parsed(value)
        elements = display.elts if isinstance(display, ast.List) else []
        if len(elements) == 1 and not isinstance(elements[0], ast.Starred):
            return turn.expressions.wrap(elements[0])
    return None


def _join(
    lowering: "BlockLowering", name: str, gathered: ir.Gather, is_single: bool, node: ast.For
) -> None:
    """Bind `name` to what it was with what the turns have added at its end."""
    before, kind = lowering.environment[name], lowering.environment.fresh[name]
    assert not isinstance(before, Unavailable)
    expressions = lowering.expressions
    added: ast.expr = ast.Name(lowering.shared.name_of(gathered, name), ast.Load())
    if not is_single:
        added = ast.Call(ast.Name(_JOIN[kind], ast.Load()), [added], [])
    if before == EMPTY[kind]:
        joined = added
    elif kind == "dict":
        joined = ast.Dict([None, None], [expressions.embed(before, name), added])
    else:
        parts = (expressions.embed(before, name), added)
        joined = ast.List([ast.Starred(part, ast.Load()) for part in parts], ast.Load())
    lowering.environment[name] = expressions.wrap(joined)
    lowering.assigned[name] = lowering.span(node)


# --- items ---------------------------------------------------------------------------------------


def _settled_items(expressions: "ExpressionLowering", node: ast.For, id: str) -> AnyReference:
    """Return the list that the map `id` runs over: a constant, or an output that engines read."""
    items = _items(expressions, node)
    types = expressions.shared.types
    each = element(types.of(items))
    if each is None:
        expressions.error(
            "HR308",
            node.iter,
            f"`{show(types.of(items))}` cannot be looped over",
            hint="loop over a list, or over what `range`, `zip` or `enumerate` give",
        )
    types[ir.Item(map=id)] = each or UNKNOWN
    if isinstance(items, ir.Glue):
        expressions.block.obligations.pop(items, None)
    if isinstance(items, ir.Const) and items.text.startswith("["):
        return items
    if isinstance(items, ir.Gather):
        return items.replace(role="items")
    span = expressions.shared.module.span(node)
    return expressions.block.settle(items, "items", f"{id}-items", span)


def _items(expressions: "ExpressionLowering", node: ast.For) -> AnyValue:
    if isinstance(node.target, ast.Name):
        value = expressions.value(node.iter)
        if isinstance(value, ir.Const) and value.text.startswith("["):
            return value
        known = isinstance(value, ir.Const) or (isinstance(value, ir.Glue) and not value.names)
        if not known:
            return value
        listed = ast.Call(ast.Name("list", ast.Load()), [expressions.embed(value, "items")], [])
        return expressions.wrap(listed)
    # The elements are taken apart before they travel, which raises where Python would.
    names: list[ast.expr] = [ast.Name(n, ast.Load()) for n in names_bound([node.target])]
    element = names[0] if len(names) == 1 else ast.Tuple(names, ast.Load())
    generator = ast.comprehension(node.target, node.iter, [], 0)
    return expressions.wrap(
        lower_glue(expressions, ast.copy_location(ast.ListComp(element, [generator]), node))
    )


def _item_values(
    expressions: "ExpressionLowering", target: ast.expr, id: str
) -> dict[str, AnyValue]:
    """Return what the names in `target` stand for in a turn of the map `id`."""
    item = ir.Item(map=id)
    variables = list(names_bound([target]))
    if len(variables) == 1:
        return {variables[0]: item}
    name = expressions.shared.name_of(item, "item")
    return {
        variable: ir.Glue(source=f"{name}[{index}]", names=((name, item),))
        for index, variable in enumerate(variables)
    }
