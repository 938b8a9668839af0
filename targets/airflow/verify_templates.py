"""What a template of a DAG file refers to, as Jinja itself reads it.

The templates of a pipeline differ in the texts inside them, seldom in their form, and Jinja takes
a tenth of a millisecond for each: so every form is read once, with numbers in place of its texts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

_JINJA = Environment(autoescape=False)

_TEXT = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_TAG = re.compile(r'(?<!\{)\{\{(?!\{)((?:[^"{}]|"(?:[^"\\]|\\.)*+")*+)\}\}')
_ANY_TAG = re.compile(r"\{[{%#]")


@dataclass(frozen=True)
class Reference:
    """One thing that a template reads: a parameter, a task's XCom, or an output in that.

    `name` is that of the parameter or the output, and `task_id` of the task. `one_item` says that
    the XCom is read for the same item of a mapped group.
    """

    kind: Literal["parameter", "task", "output"]
    name: str = ""
    task_id: str = ""
    one_item: bool = False


@dataclass(frozen=True)
class Reading:
    """What Jinja made of a template: `error` is empty if it could read it."""

    references: tuple[Reference, ...] = ()
    unknown: tuple[str, ...] = ()
    error: str = ""


def read(text: str) -> Iterator[Reading]:
    """Yield what is read in each tag of `text`."""
    tags: list[str] = _TAG.findall(text)
    forms = [(form, _TEXT.findall(tag)) for tag in tags for form in [_form(tag)]]
    rest = _TAG.sub(" ", text) if "{" in text.replace("{{", "", len(tags)) else ""
    if _ANY_TAG.search(rest) or any("'" in form for form, _ in forms):
        yield _read(text)
        return
    for form, texts in forms:
        reading = _read(form)
        yield Reading(
            tuple(_filled(reference, texts) for reference in reading.references),
            reading.unknown,
            reading.error,
        )


def _form(tag: str) -> str:
    """Return a template like the tag, with numbers in place of its texts."""
    parts = _TEXT.split(tag)[::2]
    numbered = (f'"{number}"{part}' for number, part in enumerate(parts[1:]))
    return "{{" + "".join((parts[0], *numbered)) + "}}"


def _filled(reference: Reference, texts: Sequence[str]) -> Reference:
    return Reference(
        reference.kind,
        texts[int(reference.name)] if reference.name else "",
        texts[int(reference.task_id)] if reference.task_id else "",
        reference.one_item,
    )


@lru_cache(maxsize=1000)
def _read(template: str) -> Reading:
    try:
        tree = _JINJA.parse(template)
    except TemplateSyntaxError as error:
        return Reading(error=str(error))
    unknown = sorted(meta.find_undeclared_variables(tree) - {"ti", "params"})
    items = (reference for item in tree.find_all(nodes.Getitem) for reference in _item(item))
    calls = (reference for call in tree.find_all(nodes.Call) for reference in _call(call))
    return Reading((*items, *calls), tuple(unknown))


def _item(item: nodes.Getitem) -> Iterator[Reference]:
    if not isinstance(item.arg, nodes.Const):
        return
    name = str(item.arg.value)
    if isinstance(item.node, nodes.Name) and item.node.name == "params":
        yield Reference("parameter", name)
    elif isinstance(item.node, nodes.Call):
        yield from (Reference("output", name, task_id) for task_id in _pulled(item.node))


def _call(call: nodes.Call) -> Iterator[Reference]:
    one_item = any(keyword.key == "map_indexes" for keyword in call.kwargs)
    yield from (Reference("task", "", task_id, one_item) for task_id in _pulled(call))


def _pulled(call: nodes.Call) -> list[str]:
    for keyword in call.kwargs:
        if keyword.key == "task_ids":
            value = keyword.value.as_const()
            return [value] if isinstance(value, str) else list(value)
    return []
