"""Lowering of calls: steps of the project, and the builtins and methods that glue may call."""

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.compiler.frontend import glue
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.lowering import Lowering
from headrace.compiler.frontend.project import Definition
from headrace.compiler.frontend.trees import children
from headrace.compiler.suggestions import did_you_mean

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering


def lower_call(lowering: "ExpressionLowering", node: ast.Call) -> ast.expr:
    """Lower `node`, wherever it stands in an expression."""
    definition = lowering.callee(node)
    if definition is not None:
        output = lower_step(lowering, node, definition)
        if output is None:
            return ast.Constant(None)
        return ast.Name(lowering.shared.name_of(output, kebab(output.node)), ast.Load())
    for argument in [*node.args, *(k.value for k in node.keywords if k.arg is None)]:
        if isinstance(argument, ast.Starred) or argument in [
            k.value for k in node.keywords if k.arg is None
        ]:
            return _star(lowering, argument)
    return _lower_glue_call(lowering, node)


def _star(lowering: "ExpressionLowering", node: ast.expr) -> ast.expr:
    return lowering.error(
        "HR206",
        node,
        "star arguments hide what a call passes",
        label="unpacked here",
        hint="write the arguments out one by one",
    )


def _lower_glue_call(lowering: "ExpressionLowering", node: ast.Call) -> ast.expr:
    func = node.func
    arguments = [lowering.visit(argument) for argument in node.args]
    keywords = [ast.keyword(k.arg, lowering.visit(k.value)) for k in node.keywords]
    if isinstance(func, ast.Name):
        resolved = lowering.shared.project.resolve(lowering.shared.module, func.id)
        if func.id in glue.BUILTINS and not lowering.is_local(func.id) and resolved is None:
            return ast.Call(ast.Name(func.id, ast.Load()), arguments, keywords)
    elif (
        isinstance(func, ast.Attribute)
        and func.attr in glue.METHODS
        and not _foreign(lowering, func)
    ):
        return ast.Call(
            ast.Attribute(lowering.visit(func.value), func.attr, ast.Load()), arguments, keywords
        )
    return _refuse(lowering, node)


def _foreign(lowering: "ExpressionLowering", func: ast.Attribute) -> bool:
    head: ast.expr = func
    while isinstance(head, ast.Attribute):
        head = head.value
    if not isinstance(head, ast.Name) or lowering.is_local(head.id):
        return False
    definition = lowering.shared.project.resolve(lowering.shared.module, head.id)
    return definition is not None and definition.kind in ("foreign", "module", "class")


def _refuse(lowering: "ExpressionLowering", node: ast.Call) -> ast.expr:
    func = node.func
    is_unbound = isinstance(func, ast.Name) and func.id not in lowering.environment
    if isinstance(func, ast.Name) and is_unbound and lowering.is_local(func.id):
        return lowering.visit_Name(func)
    text = ast.unparse(func)
    hint = f"wrap it in a function of your own, which is then a step: `def step(...): {text}(...)`"
    if isinstance(func, ast.Name):
        shared = lowering.shared
        if shared.project.resolve(shared.module, func.id) is None:
            functions = [n.name for n in shared.module.tree.body if isinstance(n, ast.FunctionDef)]
            hint = did_you_mean(func.id, [*functions, *glue.BUILTINS]) or hint
    elif isinstance(func, ast.Attribute) and func.attr in (
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "sort",
        "reverse",
        "update",
        "clear",
    ):
        hint = "build the list with a comprehension, or change it in a step that returns it"
    return lowering.error(
        "HR203",
        func,
        f"`{text}` is neither a step nor something a pipeline body may call",
        label="called here",
        hint=hint,
    )


def lower_step(
    lowering: "ExpressionLowering",
    node: ast.Call,
    definition: Definition,
    *,
    effect: bool = False,
    outputs: tuple[ir.OutputSpec, ...] = (ir.OutputSpec(name="out"),),
) -> ir.Output | None:
    """Add the step that `node` calls, and return its first output; None after an error."""
    if not _is_step(lowering, node, definition):
        return None
    shared = lowering.shared
    function = shared.register(definition)
    name = _step_id(lowering, definition.name)
    arguments = _arguments(lowering, node, definition, function)
    call = ir.Call(
        id=name,
        function=function.key,
        arguments=arguments,
        outputs=outputs,
        settings=shared.configuration.step([definition.name, name]),
        span=shared.module.span(node),
    )
    lowering.block.add(call, effect=effect)
    return ir.Output(node=name, name=outputs[0].name if outputs else "out")


def _step_id(lowering: "ExpressionLowering", function: str) -> str:
    shared: Lowering = lowering.shared
    base = kebab(function)
    if shared.call_counts.get(function, 0) > 1 and lowering.hint:
        suffix = kebab(lowering.hint)
        base = base if suffix == base else f"{base}-{suffix}"
    return shared.ids.fresh(base)


def _is_step(lowering: "ExpressionLowering", node: ast.Call, definition: Definition) -> bool:
    function = definition.node
    if isinstance(function, ast.ClassDef):
        lowering.error(
            "HR205",
            node.func,
            f"`{definition.name}` is a class, and no step",
            label="makes an object here",
            hint="make the object in a step that returns it",
        )
    elif isinstance(function, ast.AsyncFunctionDef):
        lowering.error(
            "HR205",
            node.func,
            f"`{definition.name}` is async, and no step can be",
            hint="call it with `asyncio.run` in a plain function",
        )
    elif isinstance(function, ast.FunctionDef) and _is_generator(function):
        lowering.error(
            "HR205",
            node.func,
            f"`{definition.name}` is a generator, and no step can be",
            label="yields its results",
            hint="return a list",
        )
    elif isinstance(function, ast.FunctionDef) and function.decorator_list:
        lowering.error(
            "HR205",
            node.func,
            f"`{definition.name}` is decorated: what a call passes is the decorator's business",
            hint="call it from a plain function, which is then the step",
        )
    elif definition.name in lowering.shared.pipelines:
        lowering.error(
            "HR203",
            node.func,
            f"`{definition.name}` is a pipeline, and none can be called here",
            hint="call its steps here",
        )
    else:
        return True
    return False


@lru_cache(maxsize=1)
def _is_generator(function: ast.FunctionDef) -> bool:
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(children(node))
    return False


def _arguments(
    lowering: "ExpressionLowering", node: ast.Call, definition: Definition, function: ir.Function
) -> tuple[ir.Argument, ...]:
    """Bind the arguments of a call to the parameters of the step's function, as Python would."""
    assert isinstance(definition.node, ast.FunctionDef)
    parameters = definition.node.args
    positional = [p.arg for p in (*parameters.posonlyargs, *parameters.args)]
    given: dict[str, AnyValue] = {}
    for index, argument in enumerate(node.args):
        if isinstance(argument, ast.Starred):
            _star(lowering, argument)
        elif index < len(positional):
            given[positional[index]] = lowering.value(argument, lowering.hint or positional[index])
        else:
            _too_many(lowering, argument, function, len(positional), parameters.vararg)
    by_name = [p.arg for p in (*parameters.args, *parameters.kwonlyargs)]
    for keyword in node.keywords:
        if keyword.arg is None:
            _star(lowering, keyword.value)
        elif keyword.arg in given and keyword.arg in by_name:
            _wrong(lowering, keyword, function, f"gets `{keyword.arg}` twice")
        elif keyword.arg in given or (keyword.arg in positional and keyword.arg not in by_name):
            _wrong(lowering, keyword, function, f"takes `{keyword.arg}` by its position only")
        elif keyword.arg in by_name or parameters.kwarg:
            given[keyword.arg] = lowering.value(keyword.value, lowering.hint or keyword.arg)
        else:
            hint = did_you_mean(keyword.arg, by_name)
            _wrong(lowering, keyword, function, f"has no parameter `{keyword.arg}`", hint)
    starred = any(isinstance(a, ast.Starred) for a in node.args)
    if not starred and all(k.arg for k in node.keywords) and len(node.args) <= len(positional):
        _missing(lowering, node, function, given)
    return tuple(ir.Argument(name=name, value=value) for name, value in given.items())


def _too_many(
    lowering: "ExpressionLowering",
    node: ast.expr,
    function: ir.Function,
    count: int,
    any_number: ast.arg | None,
) -> None:
    if any_number is None:
        _wrong(lowering, node, function, f"takes {count} positional arguments")
    else:
        lowering.error(
            "HR206",
            node,
            f"this argument goes to `*{any_number.arg}`, and a step's arguments need names",
            hint="give the function a parameter for a list, and pass a list",
        )


def _missing(
    lowering: "ExpressionLowering",
    node: ast.Call,
    function: ir.Function,
    given: dict[str, AnyValue],
) -> None:
    named = {k.arg for k in node.keywords}
    missing = [
        f"`{p.name}`"
        for p in function.parameters
        if not p.has_default
        and p.name not in given
        and p.name not in named
        and not p.name.startswith("*")
    ]
    if missing:
        _wrong(lowering, node, function, f"is called without {', '.join(missing)}")


def _wrong(
    lowering: "ExpressionLowering", node: ast.AST, function: ir.Function, what: str, hint: str = ""
) -> None:
    name = function.key.split(":")[1]
    signature = ", ".join(p.name for p in function.parameters)
    lowering.error(
        "HR204", node, f"`{name}` {what}", hint=hint or f"its signature is {name}({signature})"
    )
