"""Lowering of a whole pipeline: from the module's source to the IR."""

import ast
from collections.abc import Sequence

from headrace.compiler import ir
from headrace.compiler.configuration import Configuration
from headrace.compiler.dataflow import walk
from headrace.compiler.diagnostics import Sink
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.expressions import ExpressionLowering
from headrace.compiler.frontend.inline_code import code_of
from headrace.compiler.frontend.inlining import (
    DEFAULT_FUNCTION,
    call_counts,
    constant_default,
    defaults,
    local_names,
    lower_function,
)
from headrace.compiler.frontend.lowering import Environment, Lowering
from headrace.compiler.frontend.project import Definition, Module, Project
from headrace.compiler.frontend.shared_state import warn_of_shared_state
from headrace.compiler.frontend.statements import BlockLowering
from headrace.compiler.frontend.types import UNKNOWN, Type, show
from headrace.compiler.frontend.value_types import ValueTypes, cannot_be_given
from headrace.compiler.source import Span
from headrace.compiler.suggestions import did_you_mean, first_of

_SHOWN_FUNCTIONS = 3
"""How many functions are named where one is looked for that is not there."""


def lower_pipeline(
    project: Project, function: str | None, configuration: Configuration, sink: Sink
) -> ir.Pipeline | None:
    """Return the pipeline `function` of the project's main module; None when it has an error."""
    module = project.main
    if module is None:
        return None
    node = _find(project, module, function or DEFAULT_FUNCTION, configuration, sink)
    if node is None:
        return None
    _check_signature(module, node, sink)
    parameters = _parameters(project, module, node, sink)
    shared = _shared(project, module, node, configuration, sink)
    try:
        body, result = _lower_body(shared, node, parameters)
    except RecursionError:
        sink.report(
            "HR102",
            "an expression is nested too deeply",
            module.span(shared.statement or node),
            label="in this statement",
            hint="divide it, or compute it in a step",
        )
        return None
    configuration.check_steps(_step_names(shared, body), sink)
    if sink.failed:
        return None
    warn_of_shared_state(shared, node, body)
    return ir.Pipeline(
        name=_name(module, node.name),
        function=f"{module.name}:{node.name}",
        doc=ast.get_docstring(node) or ast.get_docstring(module.tree) or "",
        code=code_of(project, inline=_travels(body, configuration)),
        parameters=parameters,
        functions=tuple(shared.functions[key] for key in sorted(shared.functions)),
        body=body,
        artifacts_at=shared.types.artifacts_at(body),
        result=result,
        settings=configuration.pipeline,
        span=module.span(node),
    )


def _shared(
    project: Project,
    module: Module,
    node: ast.FunctionDef,
    configuration: Configuration,
    sink: Sink,
) -> Lowering:
    return Lowering(
        project,
        module,
        configuration,
        sink,
        call_counts(node),
        frozenset({node.name, *configuration.pipelines}),
        local_names(node),
        ValueTypes(project),
        callers=(f"{module.name}:{node.name}",),
        block_lowering=BlockLowering,
    )


def _lower_body(
    shared: Lowering, node: ast.FunctionDef, parameters: Sequence[ir.PipelineParameter]
) -> tuple[ir.Block, ir.Value]:
    environment = Environment({p.name: ir.Param(name=p.name) for p in parameters})
    definition = Definition("function", shared.module, node.name, node)
    types, _ = shared.types.signature(definition)
    for parameter in parameters:
        reference = ir.Param(name=parameter.name)
        shared.name_of(reference, parameter.name)
        of = shared.types[reference] = types.get(parameter.name, UNKNOWN)
        _check_can_be_given(shared, parameter, of)
    block = shared.new_block()
    value = lower_function(shared, node, block, environment)
    ExpressionLowering(shared, block, environment).embed(value, "result")
    result = block.settle(value, "value", "result", shared.module.span(node.body[-1]))
    return block.finish(), result


def _check_can_be_given(shared: Lowering, parameter: ir.PipelineParameter, of: Type) -> None:
    if parameter.default is None and cannot_be_given(of):
        shared.sink.report(
            "HR104",
            f"no run can be given `{parameter.name}`, a `{show(of)}`: what it is given is JSON",
            parameter.span,
            label="an artifact, which only a step can make",
            hint=f"take what a step can read it by, such as an address: `{parameter.name}: str`",
        )


def _step_names(shared: Lowering, body: ir.Block) -> set[str]:
    """Return the names that settings of steps may have: ids, and functions, but no pipelines."""
    functions = {
        node.name
        for module in shared.project.modules.values()
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
        and not shared.is_pipeline(Definition("function", module, node.name, node))
    }
    return functions | {node.id for node in walk(body)}


def _travels(body: ir.Block, configuration: Configuration) -> bool:
    """Whether a step takes its sources from the manifest; a pass may add one without a function."""
    steps = [node for node in walk(body) if isinstance(node, ir.Call | ir.Compute)]
    settings = [configuration.step([]), *(step.settings for step in steps)]
    return any(each.code == "inline" for each in settings)


def _name(module: Module, function: str) -> str:
    stem = kebab(module.name.split(".")[-1])
    return stem if function == DEFAULT_FUNCTION else f"{stem}-{kebab(function)}"


def _find(
    project: Project, module: Module, name: str, configuration: Configuration, sink: Sink
) -> ast.FunctionDef | None:
    definition = project.resolve(module, name)
    node = definition.node if definition and definition.module is module else None
    if isinstance(node, ast.FunctionDef):
        return node
    start = Span(path=module.source.shown_path, line=1, column=1, end_line=1, end_column=1)
    if isinstance(node, ast.AsyncFunctionDef):
        sink.report(
            "HR104",
            f"the pipeline `{name}` is async",
            module.span(node),
            hint="write it with a plain `def`",
        )
        return None
    functions = [n.name for n in module.tree.body if isinstance(n, ast.FunctionDef)]
    listed = [known for known in configuration.pipelines if known in functions]
    functions = [*listed, *(known for known in functions if known not in listed)]
    # Who gives no name has not mistyped one: what the configuration lists is meant then.
    slip = "" if listed and name == DEFAULT_FUNCTION else did_you_mean(name, functions)
    hint = slip or (
        f"name one of its functions: {_some(module.source.shown_path, functions)}"
        if functions
        else "define it: `def pipeline(): ...`"
    )
    sink.report("HR103", f"there is no function `{name}` in this module", start, hint=hint)
    return None


def _some(path: str, functions: Sequence[str]) -> str:
    """Return the first functions of the module at `path` as one names them, and how many more."""
    return first_of([f"{path}:{function}" for function in functions], _SHOWN_FUNCTIONS)


def _check_signature(module: Module, node: ast.FunctionDef, sink: Sink) -> None:
    for decorator in node.decorator_list:
        sink.report(
            "HR104",
            f"the pipeline `{node.name}` is decorated",
            module.span(decorator),
            label="changes what calling it means",
            hint="remove the decorator",
        )
    for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
        if not argument.arg.isascii():
            sink.report(
                "HR104",
                f"the name of the parameter `{argument.arg}` is not ASCII, as engines ask",
                module.span(argument),
                hint="name it otherwise",
            )
        if argument.arg.startswith("headrace_"):
            sink.report(
                "HR104",
                f"the parameter name `{argument.arg}` is kept for the run parameters of headrace",
                module.span(argument),
                hint="name it otherwise",
            )
    for parameter in filter(None, (node.args.vararg, node.args.kwarg)):
        sink.report(
            "HR104",
            f"the pipeline `{node.name}` takes any number of arguments",
            module.span(parameter),
            hint="name its parameters one by one",
        )


def _parameters(
    project: Project, module: Module, node: ast.FunctionDef, sink: Sink
) -> tuple[ir.PipelineParameter, ...]:
    default_of = dict(defaults(node))
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return tuple(
        ir.PipelineParameter(
            name=argument.arg,
            annotation=ast.unparse(argument.annotation) if argument.annotation else None,
            default=constant_default(project, module, default_of[argument.arg], sink)
            if argument.arg in default_of
            else None,
            span=module.span(argument),
        )
        for argument in arguments
    )
