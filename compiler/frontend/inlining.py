"""Lowering of functions whose body is a pipeline: the pipeline itself, and those that it calls."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.compiler import glue, ir
from headrace.compiler.dataflow import AnyValue
from headrace.compiler.diagnostics import Sink
from headrace.compiler.frontend.arguments import bound_arguments
from headrace.compiler.frontend.blocks import BlockBuilder, kebab
from headrace.compiler.frontend.lowering import (
    EXCEPTION,
    NOTHING,
    REFUSED,
    Environment,
    Lowering,
    Unavailable,
)
from headrace.compiler.frontend.modules import Module
from headrace.compiler.frontend.project import Definition, Project, function_signature
from headrace.compiler.frontend.records import constant
from headrace.compiler.frontend.scopes import names_bound
from headrace.compiler.frontend.structure import RESULT, TooManyWays, structured
from headrace.compiler.frontend.trees import nodes

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering

DEFAULT_FUNCTION = "pipeline"
"""The name of the function that is a module's pipeline when no other is named."""


def lower_function(
    shared: Lowering, node: ast.FunctionDef, block: BlockBuilder, environment: Environment
) -> AnyValue:
    """Lower the body of `node` into `block`; return what it returns."""
    lowering = shared.block_lowering(shared, block, environment)
    try:
        statements = structured(node)
    except TooManyWays as error:
        lowering.error(
            "HR102",
            error.node,
            "there are too many ways through this function",
            "bind the value in every arm, and return it once at the end",
        )
        return REFUSED
    if shared.catching:
        environment[EXCEPTION] = NOTHING
    lowering.run(statements, frozenset({RESULT, EXCEPTION}))
    caught = environment.get(EXCEPTION, NOTHING)
    if caught != NOTHING and not isinstance(caught, Unavailable):
        block.raised.append(caught)
    result = environment.get(RESULT)
    return ir.Const(text="null") if result is None or isinstance(result, Unavailable) else result


def lower_sub_pipeline(
    lowering: "ExpressionLowering", node: ast.Call, definition: Definition
) -> ast.expr:
    """Lower a call of a pipeline by lowering its body here; return what it returns."""
    function, module, shared = definition.node, definition.module, lowering.shared
    assert isinstance(function, ast.FunctionDef)
    assert module is not None
    key = f"{module.name}:{definition.name}"
    if key in shared.callers:
        around = _path([*shared.callers[shared.callers.index(key) :], key])
        return lowering.error(
            "HR207",
            node.func,
            f"the pipeline `{definition.name}` calls itself",
            label=around,
            hint="loop inside a step, or write a pipeline for each level",
        )
    signature = function_signature(definition)
    arguments = bound_arguments(lowering, node, definition, signature)
    given: dict[str, AnyValue] = {a.name: a.value for a in arguments}
    for name, default in defaults(function):
        if name not in given:
            given[name] = constant_default(shared.project, module, default, shared.sink)
    given = {p.name: REFUSED for p in signature.parameters} | given
    for value in given.values():
        if isinstance(value, ir.Glue) and not glue.never_raises(glue.parsed(value)):
            lowering.block.require(value, shared.module.span(node))
    wanted = module.name.split(".")[-1] if definition.name == DEFAULT_FUNCTION else definition.name
    inner = replace(
        shared,
        module=module,
        call_counts=call_counts(function),
        local_names=local_names(function),
        prefix=f"{step_id(lowering, wanted)}-",
        callers=(*shared.callers, key),
    )
    returned = lower_function(inner, function, lowering.block, Environment(given))
    return lowering.embed(returned, wanted)


def _path(keys: list[str]) -> str:
    """Return the calls from one function to the next, with modules where there are several."""
    modules = {key.partition(":")[0] for key in keys}
    return " -> ".join(key.partition(":")[2] if len(modules) == 1 else key for key in keys)


def step_id(lowering: "ExpressionLowering", function: str) -> str:
    """Return an id for a call of `function`: its name, and what it is for if there are several."""
    shared: Lowering = lowering.shared
    base = kebab(function)
    if shared.call_counts.get(function, 0) > 1 and lowering.hint:
        suffix = kebab(lowering.hint)
        base = base if suffix == base else f"{base}-{suffix}"
    return shared.fresh_id(base)


def local_names(node: ast.FunctionDef) -> frozenset[str]:
    """Return the variables of the pipeline: what it binds anywhere is its own everywhere."""
    arguments = node.args
    names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return frozenset({*names, *names_bound(node.body)})


def call_counts(node: ast.FunctionDef) -> dict[str, int]:
    """Return how often `node` calls each name."""
    calls = (inner.func for inner in nodes(node) if isinstance(inner, ast.Call))
    names = (f.id if isinstance(f, ast.Name) else ast.unparse(f).split(".")[-1] for f in calls)
    return dict(Counter(names))


def defaults(node: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parameters of `node` that have a default, with it."""
    positional = [*node.args.posonlyargs, *node.args.args]
    last = positional[len(positional) - len(node.args.defaults) :]
    yield from ((p.arg, default) for p, default in zip(last, node.args.defaults, strict=True))
    for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is not None:
            yield parameter.arg, default


def constant_default(project: Project, module: Module, node: ast.expr, sink: Sink) -> ir.Const:
    """Return the default `node` of a pipeline's parameter."""
    found = constant(project, module, node)
    if found is None:
        sink.report(
            "HR304",
            "the default of a pipeline parameter must be a constant",
            module.span(node),
            hint="use a literal, or None and decide in a step",
        )
        return ir.Const(text="null")
    return found
