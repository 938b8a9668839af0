"""Lowering of a whole pipeline: from the module's source to the IR."""

import ast
from collections import Counter
from collections.abc import Sequence

from headrace.compiler import ir
from headrace.compiler.configuration import Configuration
from headrace.compiler.dataflow import walk
from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import read_bytes
from headrace.compiler.frontend import fold
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.lowering import Environment, Lowering
from headrace.compiler.frontend.project import Module, Project
from headrace.compiler.frontend.statements import BlockLowering, names_read
from headrace.compiler.frontend.trees import nodes
from headrace.compiler.source import Span
from headrace.compiler.suggestions import did_you_mean
from headrace.runtime import code, wire

DEFAULT_FUNCTION = "pipeline"
"""The name of the function that is a module's pipeline when no other is named."""


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
    parameters = _parameters(module, node, sink)
    pipelines = frozenset({DEFAULT_FUNCTION, node.name, *configuration.pipelines})
    shared = Lowering(
        project, module, configuration, sink, _call_counts(node), pipelines, _local_names(node)
    )
    try:
        body, result = _lower_body(shared, node, parameters)
    except RecursionError:
        sink.report(
            "HR102",
            "an expression is nested too deeply",
            module.span(node),
            hint="divide it, or compute it in a step",
        )
        return None
    configuration.check_steps(_step_names(shared, body), sink)
    if sink.failed:
        return None
    return ir.Pipeline(
        name=_name(module, node.name),
        function=f"{module.name}:{node.name}",
        doc=ast.get_docstring(node) or ast.get_docstring(module.tree) or "",
        code=_code(project),
        parameters=parameters,
        functions=tuple(shared.functions[key] for key in sorted(shared.functions)),
        body=body,
        result=result,
        settings=configuration.pipeline,
        span=module.span(node),
    )


def _lower_body(
    shared: Lowering, node: ast.FunctionDef, parameters: Sequence[ir.PipelineParameter]
) -> tuple[ir.Block, ir.Value]:
    environment: Environment = {p.name: ir.Param(name=p.name) for p in parameters}
    for parameter in parameters:
        shared.name_of(ir.Param(name=parameter.name), parameter.name)
    block = shared.new_block()
    lowering = BlockLowering(shared, block, environment)
    statements, returned = _split_return(node)
    lowering.run(statements, names_read(returned) if returned else frozenset())
    result = _result(shared, lowering, returned)
    return block.finish(), result


def _local_names(node: ast.FunctionDef) -> frozenset[str]:
    """Return the variables of the pipeline: what it binds anywhere is its own everywhere."""
    arguments = node.args
    names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    inside = [inner for statement in node.body for inner in nodes(statement)]
    own = {
        id(target)
        for inner in inside
        if isinstance(inner, ast.comprehension)
        for target in nodes(inner)
    }
    for inner in inside:
        if (
            isinstance(inner, ast.Name)
            and isinstance(inner.ctx, ast.Store)
            and id(inner) not in own
        ):
            names.add(inner.id)
    return frozenset(names)


def _step_names(shared: Lowering, body: ir.Block) -> set[str]:
    """Return the names that settings of steps may have: ids, and functions of the project."""
    functions = {
        node.name
        for module in shared.project.modules.values()
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
    }
    return functions | {node.id for node in walk(body)}


def _code(project: Project) -> ir.Code:
    closure = project.closure()
    return ir.Code(
        digest=code.digest({name: read_bytes(path) for name, path in closure.items()}),
        modules=tuple(sorted(closure)),
    )


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
    hint = did_you_mean(name, functions) or (
        f"name one of its functions: {module.source.shown_path}:{functions[-1]}"
        if functions
        else "define it: `def pipeline(): ...`"
    )
    sink.report("HR103", f"there is no function `{name}` in this module", start, hint=hint)
    return None


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
    module: Module, node: ast.FunctionDef, sink: Sink
) -> tuple[ir.PipelineParameter, ...]:
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults))
    defaults += node.args.defaults
    pairs = [*zip(positional, defaults, strict=True)]
    pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return tuple(
        ir.PipelineParameter(
            name=argument.arg,
            annotation=ast.unparse(argument.annotation) if argument.annotation else None,
            default=_default(module, default, sink) if default else None,
            span=module.span(argument),
        )
        for argument, default in pairs
    )


def _default(module: Module, node: ast.expr, sink: Sink) -> ir.Const:
    try:
        value = fold.constant(ast.parse(ast.unparse(node), mode="eval").body)
    except fold.NotConstant:
        sink.report(
            "HR304",
            "the default of a pipeline parameter must be a constant",
            module.span(node),
            hint="use a literal, or None and decide in a step",
        )
        return ir.Const(text="null")
    return ir.Const(text=wire.encode(value))


def _call_counts(node: ast.FunctionDef) -> dict[str, int]:
    calls = (inner.func for inner in nodes(node) if isinstance(inner, ast.Call))
    names = (f.id if isinstance(f, ast.Name) else ast.unparse(f).split(".")[-1] for f in calls)
    return dict(Counter(names))


def _split_return(node: ast.FunctionDef) -> tuple[list[ast.stmt], ast.expr | None]:
    last = node.body[-1]
    if isinstance(last, ast.Return):
        return node.body[:-1], last.value
    return node.body, None


def _result(shared: Lowering, lowering: BlockLowering, returned: ast.expr | None) -> ir.Value:
    if returned is None:
        return ir.Const(text="null")
    expressions = lowering.expressions
    value = expressions.value(returned, "result")
    expressions.embed(value, "result")
    return lowering.block.settle(value, "value", "result", shared.module.span(returned))
