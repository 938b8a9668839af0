"""Binding of a call's arguments to the parameters of the project's function that it calls."""

import ast
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.compiler.frontend.names import report_unknown
from headrace.compiler.frontend.project import Definition
from headrace.compiler.frontend.types import UNKNOWN, Type, fits, show
from headrace.compiler.suggestions import counted, did_you_mean

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering


def bound_arguments(
    lowering: "ExpressionLowering", node: ast.Call, definition: Definition, function: ir.Function
) -> tuple[ir.Argument, ...]:
    """Bind the arguments of `node` to the parameters of the function it calls, as Python would."""
    assert isinstance(definition.node, ast.FunctionDef)
    parameters = definition.node.args
    positional = [p.arg for p in (*parameters.posonlyargs, *parameters.args)]
    given: dict[str, AnyValue] = {}
    types, _ = lowering.shared.types.signature(definition)

    def take(name: str, node: ast.expr) -> None:
        given[name] = lowering.value(node, lowering.hint or name)
        _check_type(lowering, node, given[name], name, function, types)

    for index, argument in enumerate(node.args):
        if isinstance(argument, ast.Starred):
            star_argument(lowering, argument)
        elif index < len(positional):
            take(positional[index], argument)
        else:
            _too_many(lowering, node, function, len(positional), parameters.vararg)
            report_unknown(lowering, *node.args[index:])
            break
    is_misspelt = False
    by_name = [p.arg for p in (*parameters.args, *parameters.kwonlyargs)]
    for keyword in node.keywords:
        if keyword.arg is None:
            star_argument(lowering, keyword.value)
        elif wrong := _wrong_name(keyword.arg, given, positional, by_name, parameters.kwarg):
            _wrong(lowering, keyword, function, *wrong)
            report_unknown(lowering, keyword.value)
            is_misspelt |= wrong[0].startswith("has no")
        else:
            take(keyword.arg, keyword.value)
    starred = any(isinstance(a, ast.Starred) for a in node.args)
    # A misspelt name is not also a missing one.
    if (
        not (starred or is_misspelt)
        and all(k.arg for k in node.keywords)
        and len(node.args) <= len(positional)
    ):
        _missing(lowering, node, function, given)
    return tuple(ir.Argument(name=name, value=value) for name, value in given.items())


def _wrong_name(
    name: str,
    given: Collection[str],
    positional: Collection[str],
    by_name: Collection[str],
    takes_any: ast.arg | None,
) -> tuple[str, str] | None:
    """Return what is wrong with an argument called `name`, and a hint; None if nothing is."""
    if name in given and name in by_name:
        return f"gets `{name}` twice", ""
    if name in given or (name in positional and name not in by_name):
        return f"takes `{name}` by its position only", ""
    if name in by_name or takes_any:
        return None
    return f"has no parameter `{name}`", did_you_mean(name, by_name)


def _check_type(
    lowering: "ExpressionLowering",
    node: ast.expr,
    value: AnyValue,
    name: str,
    function: ir.Function,
    types: Mapping[str, Type],
) -> None:
    rest = next((of for parameter, of in types.items() if parameter.startswith("**")), UNKNOWN)
    wanted, of = types.get(name, rest), lowering.shared.types.of(value)
    if not fits(of, wanted):
        lowering.error(
            "HR308",
            node,
            f"`{name}` of `{function.key.split(':')[1]}` is `{show(wanted)}`, "
            f"and this is `{show(of)}`",
            label=f"a `{show(of)}`",
            hint=f"pass a `{show(wanted)}`, or change the annotation of `{name}`",
        )


def _too_many(
    lowering: "ExpressionLowering",
    call: ast.Call,
    function: ir.Function,
    count: int,
    any_number: ast.arg | None,
) -> None:
    node = call.args[count]
    if any_number is None:
        what = f"takes {counted(count, 'positional argument')}, and gets {len(call.args)}"
        _wrong(lowering, node, function, what)
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


def star_argument(lowering: "ExpressionLowering", node: ast.expr) -> ast.expr:
    """Report the star argument `node`."""
    return lowering.error(
        "HR206",
        node,
        "star arguments hide what a call passes",
        label="unpacked here",
        hint="write the arguments out one by one",
    )
