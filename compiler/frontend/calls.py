"""Lowering of calls: steps of the project, and the builtins and methods that glue may call."""

import ast
import builtins
from functools import lru_cache
from typing import TYPE_CHECKING

from headrace.compiler import glue, ir
from headrace.compiler.frontend.absent import library_hint, refuse_absent
from headrace.compiler.frontend.arguments import bound_arguments, star_argument
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.inlining import lower_sub_pipeline, step_id
from headrace.compiler.frontend.lowering import REFUSED
from headrace.compiler.frontend.project import Definition
from headrace.compiler.frontend.records import class_key, fields_of, is_record, misfit
from headrace.compiler.frontend.trees import children
from headrace.compiler.frontend.types import UNKNOWN, item
from headrace.compiler.suggestions import did_you_mean

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering


def lower_call(lowering: "ExpressionLowering", node: ast.Call) -> ast.expr:
    """Lower `node`, wherever it stands in an expression."""
    definition = lowering.callee(node)
    if definition is not None and lowering.shared.is_pipeline(definition):
        return lower_sub_pipeline(lowering, node, definition)
    if definition is not None:
        output = lower_step(lowering, node, definition)
        if output is None:
            return lowering.refused()
        return ast.Name(lowering.shared.name_of(output, kebab(output.node)), ast.Load())
    for argument in [*node.args, *(k.value for k in node.keywords if k.arg is None)]:
        if isinstance(argument, ast.Starred) or argument in [
            k.value for k in node.keywords if k.arg is None
        ]:
            return star_argument(lowering, argument)
    return _lower_glue_call(lowering, node)


def _lower_glue_call(lowering: "ExpressionLowering", node: ast.Call) -> ast.expr:
    func = node.func
    if isinstance(func, ast.Name) and func.id in _OF_CLASSES and not lowering.is_local(func.id):
        return _refuse(lowering, node)  # not to speak of the class as well
    if _consumes(func) and len(node.args) == 1:
        lowering.consumed = node.args[0]
    arguments = [lowering.visit(argument) for argument in node.args]
    keywords = [ast.keyword(k.arg, _keyword(lowering, func, k)) for k in node.keywords]
    record = _record(lowering, func)
    if record is not None:
        wrong = misfit(record, node)
        if wrong:
            return lowering.error(
                "HR204",
                node,
                f"`{record.name}` {wrong}",
                hint=f"its fields are {', '.join(fields_of(record.node))}"
                if isinstance(record.node, ast.ClassDef)
                else "give it what its definition asks for",
            )
        made = ast.Constant(class_key(record))
        return ast.Call(ast.Name("make", ast.Load()), [made, *arguments], keywords)
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


def _keyword(lowering: "ExpressionLowering", func: ast.expr, keyword: ast.keyword) -> ast.expr:
    """Return the value of a keyword argument, which is a builtin function in `key=len`."""
    value = keyword.value
    if keyword.arg == "key" and isinstance(value, ast.Name) and value.id in glue.BUILTINS:
        resolved = lowering.shared.project.resolve(lowering.shared.module, value.id)
        takes_key = isinstance(func, ast.Name) and func.id in ("sorted", "max", "min")
        if takes_key and resolved is None and not lowering.is_local(value.id):
            return ast.Name(value.id, ast.Load())
    return lowering.visit(value)  # type: ignore[no-any-return]


def _record(lowering: "ExpressionLowering", func: ast.expr) -> Definition | None:
    """Return the dataclass or named tuple of the project that `func` names."""
    dotted = lowering.dotted(func)
    if dotted is None or lowering.is_local(dotted.split(".")[0]):
        return None
    project = lowering.shared.project
    definition = project.resolve(lowering.shared.module, dotted)
    return definition if definition and is_record(project, definition) else None


def _consumes(func: ast.expr) -> bool:
    """Whether a call of `func` takes all elements of a generator that it gets."""
    if isinstance(func, ast.Attribute):
        return func.attr == "join"
    return isinstance(func, ast.Name) and func.id in _CONSUMERS


_OF_CLASSES = ("isinstance", "issubclass")
_CONSUMERS = ("sum", "max", "min", "sorted", "list", "tuple", "dict", "set", "frozenset")


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
    dotted = lowering.dotted(func)
    head = dotted.partition(".")[0] if dotted else ""
    if lowering.environment.get(head) == REFUSED:
        return lowering.refused()
    text = lowering.shared.module.text(func)
    is_ours = bool(dotted) and not lowering.is_local(head)
    absent = refuse_absent(lowering, func, dotted) if dotted and is_ours else None
    if absent is not None:
        return absent
    hint = f"wrap it in a function of your own, which is then a step: `def step(...): {text}(...)`"
    meant = library_hint(lowering.shared.project, lowering.shared.module, head) if is_ours else ""
    hint = f"{meant} If it is a library's, {hint}" if meant else hint
    if isinstance(func, ast.Name) and is_unbound:
        shared = lowering.shared
        if func.id in ("map", "filter"):
            hint = f"write a comprehension. Or {hint}"
        elif (
            not hasattr(builtins, func.id)
            and shared.project.resolve(shared.module, func.id) is None
        ):
            functions = [n.name for n in shared.module.tree.body if isinstance(n, ast.FunctionDef)]
            hint = did_you_mean(func.id, [*functions, *glue.BUILTINS]) or hint
    elif isinstance(func, ast.Attribute) and func.attr in CHANGING:
        hint = "build it with a comprehension, or change it in a step that returns it"
    elif isinstance(func, ast.Attribute) and not _foreign(lowering, func):
        hint = did_you_mean(func.attr, glue.METHODS) or _in_step(f".{func.attr}")
    elif not isinstance(func, ast.Attribute):
        hint = _in_step("")
    return lowering.error(
        "HR203",
        func,
        f"`{text}` is neither a step nor something a pipeline body may call",
        label="called here",
        hint=hint,
    )


_CHANGING = """
    append extend insert pop remove sort reverse update clear setdefault popitem add discard
"""
CHANGING = frozenset(_CHANGING.split())
"""The methods of lists, dicts and sets that change them."""


def _in_step(attribute: str) -> str:
    return f"call it in a step that gets the object: `def step(value): value{attribute}(...)`"


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
    name = step_id(lowering, definition.name)
    arguments = bound_arguments(lowering, node, definition, function)
    call = ir.Call(
        id=name,
        function=function.key,
        arguments=arguments,
        outputs=outputs,
        settings=shared.configuration.step([definition.name, name]),
        span=shared.module.span(node),
    )
    lowering.block.add(call, effect=effect)
    _, returned = shared.types.signature(definition)
    for index, output in enumerate(outputs):
        of = returned if output.expression is None else item(returned, index) or UNKNOWN
        shared.types[ir.Output(node=name, name=output.name)] = of
    return ir.Output(node=name, name=outputs[0].name if outputs else "out")


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
