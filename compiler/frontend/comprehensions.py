"""Lowering of comprehensions: where they call steps, the loop that defines them; else glue."""

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from headrace.compiler.frontend.lowering import (
    EMPTY,
    EXCEPTION,
    Environment,
    FreshKind,
    Unavailable,
    identifier,
)
from headrace.compiler.frontend.scopes import names_bound

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering

_IN_STEP = "write it in a step"

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def lower_comprehension(lowering: "ExpressionLowering", node: Comprehension) -> ast.expr:
    """Lower `node`; a generator stands only where all of it is taken at once."""
    if any(generator.is_async for generator in node.generators):
        return lowering.error(
            "HR102", node, "an async comprehension is not accepted", hint=_IN_STEP
        )
    first, *others = node.generators
    later = [*others, *first.ifs]
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    if not any(map(lowering.has_step, [*later, *elements])):
        # Python evaluates the first iterable once, outside of the comprehension.
        return lower_glue(lowering, node)
    if lowering.lazy or any(lowering.bound):
        return lowering.error(
            "HR102",
            node,
            "this comprehension with steps may not run in Python, or run many times",
            hint="bind it to a name of its own above",
        )
    if isinstance(node, ast.GeneratorExp) and lowering.consumed is not node:
        return lowering.error(
            "HR102",
            node,
            "a generator with steps may not be read to its end in Python",
            hint="make it a list: `[...]`",
        )
    return _lower_loop(lowering, node)


# --- loops ---------------------------------------------------------------------------------------


def _lower_loop(lowering: "ExpressionLowering", node: Comprehension) -> ast.expr:
    """Lower `node` as a loop that adds to a list or a dict, under a name no source can write."""
    shared = lowering.shared
    kind: FreshKind = "dict" if isinstance(node, ast.DictComp) else "list"
    name = f"{lowering.hint or 'each'} "
    environment = lowering.environment.inner({name: EMPTY[kind]})
    environment.fresh[name] = kind
    block_lowering = shared.block_lowering(shared, lowering.block, environment)
    block_lowering.run([loop_of(node, name, lowering.has_step)], frozenset({name, EXCEPTION}))
    _forget(lowering.environment, environment)
    made = environment[name]
    if isinstance(made, Unavailable):
        return lowering.refused()
    listed = lowering.embed(made, name)
    return as_set(listed) if isinstance(node, ast.SetComp) else listed


def as_set(listed: ast.expr) -> ast.expr:
    """Return the set of the elements of a list."""
    return ast.Set([ast.Starred(listed, ast.Load())])


def _forget(outer: Environment, inner: Environment) -> None:
    for name in outer.fresh.keys() - inner.fresh.keys():
        del outer.fresh[name]


def loop_of(node: Comprehension, name: str, has_step: Callable[[ast.AST], bool]) -> ast.stmt:
    """Return the loop that adds the elements of `node` to the list or dict `name`.

    What is no step, by `has_step`, makes one list before the loop starts.
    """
    statement = _addition(node, name)
    generators = list(node.generators)
    listed = _listed(generators, has_step)
    while len(generators) > listed:
        generator = generators.pop()
        statement = _filtered(generator.ifs, statement)
        statement = ast.For(generator.target, generator.iter, [statement], [])
        ast.copy_location(statement, generator.target)
    last = generators[-1]
    free = next((i for i, test in enumerate(last.ifs) if has_step(test)), len(last.ifs))
    statement = _filtered(last.ifs[free:], statement)
    generators[-1] = ast.comprehension(last.target, last.iter, last.ifs[:free], 0)
    if len(generators) == 1 and not generators[0].ifs:
        loop = ast.For(last.target, last.iter, [statement], [])
        return ast.copy_location(loop, node)
    variables = names_bound([g.target for g in generators])
    element, target = (_display(variables, context) for context in (ast.Load(), ast.Store()))
    items = ast.copy_location(ast.ListComp(element, generators), node)
    return ast.copy_location(ast.For(target, items, [statement], []), node)


def _display(variables: Mapping[str, ast.AST], context: ast.expr_context) -> ast.expr:
    """Return the variables, or the only one of them, as they are read or bound."""
    names: list[ast.expr] = [
        ast.copy_location(ast.Name(name, context), place) for name, place in variables.items()
    ]
    return names[0] if len(names) == 1 else ast.copy_location(ast.Tuple(names, context), names[0])


def _listed(generators: list[ast.comprehension], has_step: Callable[[ast.AST], bool]) -> int:
    """Return how many of `generators` can make one list, without steps, before the loop starts."""
    for index, generator in enumerate(generators):
        if index and has_step(generator.iter):
            return index
        if any(map(has_step, generator.ifs)):
            return index + 1
    return len(generators)


def _addition(node: Comprehension, name: str) -> ast.stmt:
    container = ast.Name(name, ast.Load())
    if isinstance(node, ast.DictComp):
        entry = ast.Subscript(container, node.key, ast.Store())
        return ast.copy_location(ast.Assign([entry], node.value), node)
    method = ast.Attribute(container, "append", ast.Load())
    call = ast.copy_location(ast.Call(method, [node.elt], []), node)
    return ast.copy_location(ast.Expr(call), node)


def _filtered(tests: list[ast.expr], statement: ast.stmt) -> ast.stmt:
    for test in reversed(tests):
        statement = ast.copy_location(ast.If(test, [statement], []), test)
    return statement


# --- glue ----------------------------------------------------------------------------------------


def lower_glue(lowering: "ExpressionLowering", node: Comprehension) -> ast.expr:
    """Return `node`, which calls no step outside its first iterable, as glue."""
    first, *others = node.generators
    # Only the first iterable is evaluated outside; all else sees every variable, bound or not.
    iterables = [lowering.visit(first.iter)]
    scope: dict[str, str] = {}
    targets = [_bind(lowering, generator.target, scope) for generator in node.generators]
    lowering.bound.append(scope)
    iterables += [lowering.visit_lazily(generator.iter) for generator in others]
    generators = [
        ast.comprehension(target, iterable, [lowering.visit_lazily(t) for t in generator.ifs], 0)
        for target, iterable, generator in zip(targets, iterables, node.generators, strict=True)
    ]
    try:
        if isinstance(node, ast.DictComp):
            key, value = lowering.visit_lazily(node.key), lowering.visit_lazily(node.value)
            return ast.DictComp(key, value, generators)
        return type(node)(lowering.visit_lazily(node.elt), generators)
    finally:
        lowering.bound.pop()


def _bind(lowering: "ExpressionLowering", target: ast.expr, scope: dict[str, str]) -> ast.expr:
    """Rename the variables of a comprehension apart from everything else that glue names."""
    if isinstance(target, ast.Name) and target.id in scope:
        return ast.Name(scope[target.id], ast.Store())
    if isinstance(target, ast.Name):
        # A name that headrace has given has a blank in it.
        wanted = target.id if target.id.isidentifier() else identifier(target.id)
        scope[target.id] = lowering.shared.glue_names.fresh(wanted, "_")
        return ast.Name(scope[target.id], ast.Store())
    if isinstance(target, ast.Tuple | ast.List):
        return ast.Tuple([_bind(lowering, part, scope) for part in target.elts], ast.Store())
    lowering.error("HR102", target, "only names may be bound by a comprehension", hint=_IN_STEP)
    return ast.Name(lowering.shared.glue_names.fresh("refused", "_"), ast.Store())
