"""How Argo fills in `{{...}}`: in the JSON of an object, tag after tag, data included.

What a step wrote stands in that JSON when the next object is made of it, so that a tag in data is a
tag. Follows util/template and fasttemplate of Argo Workflows 4.1.2.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from models import go
from models.evaluation import evaluated, expanded, there
from models.expressions import ExpressionError, needed

Names: TypeAlias = Mapping[str, str | None]
"""What tags may name; nothing stands for an output that a skipped task did not make."""


class TemplateError(Exception):
    """The controller ends a node in Error."""


class MissingVariable(Exception):
    """The controller waits for a variable, for ever."""


LATE = frozenset(
    {"item", "retries", "lastRetry.exitCode", "lastRetry.status", "lastRetry.duration"}
    | {"lastRetry.message", "workflow.status", "workflow.failures"}
)
"""Variables that are known later; an expression that names one is left as it is until then."""


def replaced(value: Any, names: Names) -> Any:
    """Return `value` with what is known filled in; what is not is left as it is.

    Raises:
        TemplateError: a tag names an output that is absent, or what comes out is not JSON.
    """
    return _replaced(value, names, lambda name: False, lenient=True)


def replaced_for_task(value: Any, names: Names) -> Any:
    """Return the same, where every output of another task must be there.

    Raises:
        MissingVariable: one is not.
        TemplateError: an expression fails, or names an output that is absent.
    """
    return _replaced(value, names, lambda name: re.match(r"(tasks|steps)(\.|$)", name) is not None)


def replaced_wholly(value: Any, names: Names) -> Any:
    """Return the same, where everything must be there, as for an item of a loop.

    Raises:
        MissingVariable: something is not.
        TemplateError: an expression fails, or names an output that is absent.
    """
    return _replaced(value, names, lambda name: True)


def _replaced(
    value: Any, names: Names, strict: Callable[[str], bool], *, lenient: bool = False
) -> Any:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "{{" not in text:
        return value
    environment: list[dict[str, Any]] = []

    def filled(tag: str) -> str:
        if tag.startswith("="):
            if not environment:
                environment.append(expanded(names))
            return _expression(tag[1:], environment[0], strict, lenient)
        return _simple(tag, names, strict)

    done = "".join(_pieces(text, filled))
    try:
        return json.loads(done)
    except ValueError:
        raise TemplateError(
            "cannot finish template replacement because the result was invalid JSON"
        ) from None


def _pieces(text: str, filled: Callable[[str], str]) -> list[str]:
    first, *rest = text.split("{{")
    found = [first]
    rest.reverse()
    while rest:
        tag = rest.pop()
        while "}}" not in tag:
            if not rest:
                raise TemplateError('cannot find end tag="}}" in the template')
            tag += "{{" + rest.pop()
        inner, _, after = tag.partition("}}")
        found += [filled(inner), after]
    return found


def _simple(tag: str, names: Names, strict: Callable[[str], bool]) -> str:
    name = tag.strip()
    if name in names:
        value = names[name]
        if value is None:
            raise TemplateError(
                f"unable to substitute {{{{{tag}}}}}: output is an absent optional "
                "(skipped/omitted node with no default)"
            )
        return go.quoted(value)
    outer, mark, inner = tag.rpartition("{{")
    if mark and outer and inner in names:
        nested = names[inner]
        if nested is None:
            raise TemplateError(
                f'unable to substitute nested tag {{{{{tag}}}}}: "{inner}" is an absent optional'
            )
        return "{{" + outer + go.quoted(nested)
    if strict(name):
        raise MissingVariable(f"failed to resolve {{{{{tag}}}}}")
    return "{{" + tag + "}}"


def _expression(
    tag: str, environment: Mapping[str, Any], strict: Callable[[str], bool], lenient: bool
) -> str:
    unresolved = "{{=" + tag + "}}"
    try:
        text = json.loads(f'"{tag}"')
    except ValueError:
        raise TemplateError("failed to unmarshall JSON expression") from None
    try:
        missing = [name for name in needed(text) if not there(environment, name)]
    except ExpressionError as error:
        raise TemplateError(f"failed to evaluate expression: {error}") from None
    for name in missing:
        if strict(name):
            raise MissingVariable(f"failed to evaluate expression: {name} is missing")
    may_wait = bool(missing) or lenient
    if may_wait and any(name in LATE for name in missing):
        return unresolved
    try:
        value = evaluated(text, environment)
    except ExpressionError as error:
        if may_wait:
            return unresolved
        raise TemplateError(f"failed to evaluate expression: {error}") from None
    if value is None:
        if may_wait:
            return unresolved
        raise TemplateError(f'failed to evaluate expression "{text}"')
    marshalled = go.json_text(value)
    if len(marshalled) > 1 and marshalled[0] == marshalled[-1] == '"':
        return marshalled[1:-1]
    return go.quoted(marshalled)
