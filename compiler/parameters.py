"""The parameters of a run as people write them: `NAME=VALUE`, checked against the annotations."""

import ast
import json
import re
from collections.abc import Mapping, Sequence

from headrace.compiler import ir
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.runtime import wire
from headrace.runtime.errors import DataError

_JSON_NUMBER = re.compile(r"(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class ParameterError(Exception):
    """A parameter that a run cannot take; the text says why."""


def read_parameters(
    declared: Sequence[ir.PipelineParameter], assignments: Sequence[str]
) -> dict[str, str]:
    """Return the wire text of each parameter that `assignments` give, by its name.

    A value is the literal text where the annotation is `str`, else JSON or a Python literal whose
    numbers are written as in JSON.

    Raises:
        ParameterError: a parameter is unknown, given twice, missing, or its value does not fit.
    """
    by_name = {parameter.name: parameter for parameter in declared}
    texts: dict[str, str] = {}
    for assignment in assignments:
        name, equals, written = assignment.partition("=")
        if not equals:
            raise ParameterError(f"cannot read {assignment!r}: write --param NAME=VALUE")
        if name not in by_name:
            hint = did_you_mean(name, by_name) or (
                known_names(by_name) if by_name else "it has none"
            )
            raise ParameterError(f"the pipeline has no parameter {name!r}: {hint}")
        if name in texts:
            raise ParameterError(f"parameter {name!r} is given twice")
        value = _read(name, by_name[name].annotation, written)
        try:
            texts[name] = wire.encode(value)
        except DataError:
            raise ParameterError(f"parameter {name!r} is nested too deeply") from None
    missing = [p.name for p in declared if p.default is None and p.name not in texts]
    if missing:
        given = " ".join(f"--param {name}=..." for name in missing)
        raise ParameterError(f"the pipeline needs a value for {', '.join(missing)}: add {given}")
    return texts


def _read(name: str, annotation: str | None, written: str) -> object:
    kind = _parsed(annotation)
    members = _members(kind)
    if members and all(_is_text(member) or _is_none(member) for member in members):
        return written
    if written in {v for m in members if _name(m) == "Literal" for v in _literal_values(m)}:
        return written
    value = _value(name, annotation, written)
    try:
        return _fitted(value, kind)
    except _Misfit as misfit:
        raise ParameterError(f"parameter {name!r} is {annotation}: {misfit}") from None


def _value(name: str, annotation: str | None, written: str) -> object:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        pass
    try:
        tree = ast.parse(written.strip(), mode="eval")
        value = ast.literal_eval(tree) if _has_json_numbers(tree, written.strip()) else ...
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        value = ...
    if not _is_plain(value):
        kind = f" and the parameter is {annotation}" if annotation else ""
        raise ParameterError(
            f"parameter {name!r} must be JSON{kind}: {written!r} is not "
            f"(a text needs double quotes of its own: --param '{name}=\"text\"')"
        )
    return value


def _has_json_numbers(tree: ast.Expression, written: str) -> bool:
    """Whether no number in `tree` is one that only Python reads, such as 0x10, 1_000 or +1."""
    for node in ast.walk(tree):
        if isinstance(node, ast.UAdd):
            return False
        is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if is_number and not _JSON_NUMBER.fullmatch(ast.get_source_segment(written, node) or ""):
            return False
    return True


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    return value is None or isinstance(value, bool | int | float | str)


# --- annotations ---------------------------------------------------------------------------------


class _Misfit(Exception):
    """A value that an annotation does not allow."""


def _parsed(annotation: str | None) -> ast.expr | None:
    """Return the expression in `annotation`; nothing for what says nothing about the value."""
    try:
        kind = ast.parse(annotation or "Any", mode="eval").body
    except SyntaxError:
        return None
    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
        return _parsed(kind.value)
    return kind


def _name(kind: ast.expr | None) -> str:
    """Return the bare name of `kind`, without the module and the brackets."""
    match kind:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
        case ast.Constant(value=None):
            return "None"
        case _:
            return ""


def _arguments(kind: ast.expr) -> list[ast.expr]:
    match kind:
        case ast.Subscript(slice=ast.Tuple(elts=elements)):
            return elements
        case ast.Subscript(slice=element):
            return [element]
        case _:
            return []


def _members(kind: ast.expr | None) -> list[ast.expr]:
    """Return the alternatives of a union, or `kind` itself as the only one."""
    match kind:
        case None:
            return []
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _members(left) + _members(right)
        case ast.Constant(value=str(text)):
            return _members(_parsed(text))
        case ast.Subscript() if _name(kind) in {"Optional", "Union"}:
            members = [m for argument in _arguments(kind) for m in _members(argument)]
            return [*members, ast.Constant(None)] if _name(kind) == "Optional" else members
        case _:
            return [kind]


def _is_text(kind: ast.expr) -> bool:
    return _name(kind) == "str"


def _is_none(kind: ast.expr) -> bool:
    return _name(kind) == "None"


def _literal_values(kind: ast.expr) -> list[object]:
    try:
        return [ast.literal_eval(argument) for argument in _arguments(kind)]
    except ValueError:
        return []


def _fitted(value: object, kind: ast.expr | None) -> object:
    """Return `value` as `kind` wants it: a list becomes a tuple where a tuple is wanted.

    Raises:
        _Misfit: it does not fit.
    """
    members = _members(kind)
    reasons = []
    for member in members:
        try:
            return _fitted_to_one(value, member)
        except _Misfit as misfit:
            reasons.append(str(misfit))
    if len(reasons) > 1:
        wanted = " or ".join(ast.unparse(member) for member in members)
        raise _Misfit(f"{_shown(value)} is not {wanted}")
    if reasons:
        raise _Misfit(reasons[0])
    return value


_SCALARS: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "str": (str,),
    "None": (type(None),),
}


def _fitted_to_one(value: object, kind: ast.expr) -> object:
    name, arguments = _name(kind), _arguments(kind)
    if name in _SCALARS:
        if not isinstance(value, _SCALARS[name]) or (isinstance(value, bool) and name != "bool"):
            raise _Misfit(f"{_shown(value)} is not {name}")
        return value
    if name == "Literal":
        choices = _literal_values(kind)
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            raise _Misfit(f"{_shown(value)} is none of {', '.join(map(_shown, choices))}")
        return value
    if name in {"list", "List", "Sequence"}:
        return _fitted_list(value, arguments)
    if name in {"tuple", "Tuple"}:
        return _fitted_tuple(value, arguments)
    if name in {"dict", "Dict", "Mapping"}:
        return _fitted_dict(value, arguments)
    return value


def _fitted_list(value: object, arguments: list[ast.expr]) -> object:
    if not isinstance(value, list):
        raise _Misfit(f"{_shown(value)} is not a list")
    element = arguments[0] if arguments else None
    return [_fitted(item, element) for item in value]


def _fitted_tuple(value: object, arguments: list[ast.expr]) -> object:
    if not isinstance(value, list | tuple):
        raise _Misfit(f"{_shown(value)} is not a list, from which a tuple could be made")
    if not arguments:
        return tuple(value)
    if isinstance(arguments[-1], ast.Constant) and arguments[-1].value is ...:
        return tuple(_fitted(item, arguments[0]) for item in value)
    if isinstance(arguments[0], ast.Tuple):  # tuple[()]
        arguments = []
    if len(value) != len(arguments):
        raise _Misfit(f"{_shown(value)} has {len(value)} elements, not {len(arguments)}")
    return tuple(_fitted(item, kind) for item, kind in zip(value, arguments, strict=True))


def _fitted_dict(value: object, arguments: list[ast.expr]) -> object:
    if not isinstance(value, dict):
        raise _Misfit(f"{_shown(value)} is not a dict")
    key_kind, value_kind = arguments if len(arguments) == 2 else (None, None)
    return {_fitted(key, key_kind): _fitted(item, value_kind) for key, item in value.items()}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
