"""The parameters of a run as people write them: `NAME=VALUE`, checked against the annotations."""

import ast
import json
import re
from collections.abc import Sequence

from headrace.compiler import ir
from headrace.compiler.frontend.given import Given, Misfit, is_text, takes_text
from headrace.compiler.frontend.types import UNKNOWN, Type
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.runtime import wire
from headrace.runtime.errors import DataError

_JSON_NUMBER = re.compile(r"(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class ParameterError(Exception):
    """A parameter that a run cannot take; the text says why."""


def read_parameters(
    declared: Sequence[ir.PipelineParameter], given: Given, assignments: Sequence[str]
) -> dict[str, str]:
    """Return the wire text of each parameter that `assignments` give, by its name.

    A value is the literal text where the annotation is `str`. Else it is JSON or a Python literal
    whose numbers are written as in JSON; a member of an enum, a date and the like may be a bare
    text too. It becomes what the annotation says, as `given` has it.

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
        wanted = given.types.get(name, UNKNOWN)
        value = _read(by_name[name], wanted, given, written)
        try:
            texts[name] = wire.encode(value)
        except DataError:
            raise ParameterError(f"parameter {name!r} is nested too deeply") from None
    missing = [p.name for p in declared if p.default is None and p.name not in texts]
    if missing:
        options = " ".join(f"--param {name}=..." for name in missing)
        raise ParameterError(f"the pipeline needs a value for {', '.join(missing)}: add {options}")
    return texts


def _read(of: ir.PipelineParameter, wanted: Type, given: Given, written: str) -> object:
    if is_text(wanted):
        return written
    reason = ""
    if takes_text(wanted):
        try:
            return given.fitted(written, wanted)
        except Misfit as misfit:
            reason = str(misfit)
    try:
        value = _value(of.name, of.annotation, written)
    except ParameterError:
        if not reason:
            raise
        raise ParameterError(f"parameter {of.name!r} is {of.annotation}: {reason}") from None
    try:
        return given.fitted(value, wanted)
    except Misfit as misfit:
        reason = _in_written_numbers(wanted, given, written) or str(misfit)
        raise ParameterError(f"parameter {of.name!r} is {of.annotation}: {reason}") from None


class _Written(float):
    """A number that messages show as it was written: Python has inf for 1e400."""

    def __new__(cls, written: str) -> "_Written":
        number = super().__new__(cls, written)
        number._written = written
        return number

    _written: str

    def __repr__(self) -> str:
        return self._written


def _in_written_numbers(wanted: Type, given: Given, written: str) -> str:
    """Return why what is `written` as JSON does not fit, with its numbers as they stand there."""
    try:
        given.fitted(json.loads(written, parse_float=_Written), wanted)
    except Misfit as misfit:
        return str(misfit)
    except (ValueError, RecursionError):
        pass
    return ""


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
