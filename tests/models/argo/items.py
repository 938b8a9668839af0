"""A task with its arguments filled in, once or for each item of its loop."""

import json
import re
from collections.abc import Mapping
from typing import Any

from models import go
from models.argo.conditions import ConditionError, proceeds
from models.argo.scopes import Scope
from models.argo.substitution import (
    MissingVariable,
    Names,
    TemplateError,
    replaced,
    replaced_for_task,
    replaced_wholly,
)
from models.errors import Unsupported

LOOPS = ("withItems", "withParam", "withSequence")


def is_loop(task: Mapping[str, Any]) -> bool:
    """Whether a task, as it is written, is run for each item of a list."""
    return any(task.get(key) for key in LOOPS)


def resolved(task: Mapping[str, Any], scope: Scope, names: Names) -> dict[str, Any]:
    """Return the task with the outputs of others filled in; its condition comes first.

    Raises:
        MissingVariable: an output is not there.
        TemplateError: an expression fails, or an output is absent.
        ConditionError: the condition is none.
    """
    own = {key: value for key, value in task.items() if key != "hooks"}
    if own.get("when"):
        when = replaced_for_task(own["when"], names)
        try:
            if not proceeds(when):
                return {**own, "when": when}
        except ConditionError:
            if not is_loop(task):
                raise
    if "arguments" in own:
        marked = scope.marked(own["arguments"].get("parameters", []))
        own["arguments"] = {**own["arguments"], "parameters": marked}
    done: dict[str, Any] = replaced_for_task(own, names)
    return done


def expanded(task: Mapping[str, Any], names: Names) -> list[Mapping[str, Any]]:
    """Return the task, or for a loop one for each item.

    Raises:
        TemplateError: the items are no list, or an item's argument cannot be made.
    """
    if not is_loop(task):
        return [task]
    try:
        found = _items(task)
    except TemplateError:
        if not _is_off(task.get("when", "")):
            raise
        found = []
    return [_for_item(task, names, index, item) for index, item in enumerate(found)]


def _is_off(when: str) -> bool:
    try:
        return not proceeds(when)
    except ConditionError:
        return False


def _items(task: Mapping[str, Any]) -> list[str]:
    """Return the JSON of each item, as it is written."""
    if task.get("withItems"):
        return [json.dumps(each, ensure_ascii=False) for each in task["withItems"]]
    if task.get("withParam"):
        text = task["withParam"].strip()
        try:
            value = go.decoded(text)
        except ValueError as error:
            raise TemplateError(_no_list(text, str(error))) from None
        if value is not None and not isinstance(value, list):
            raise TemplateError(_no_list(text, "json: cannot unmarshal into []v1alpha1.Item"))
        return go.elements(text) if value else []
    sequence = task["withSequence"]
    if set(sequence) != {"count"}:
        raise Unsupported(f"withSequence: {sorted(sequence)}")
    if re.fullmatch(r"[+-]?\d+", str(sequence["count"])) is None:
        raise TemplateError(f'strconv.Atoi: parsing "{sequence["count"]}": invalid syntax')
    return [f'"{number}"' for number in range(int(sequence["count"]))]


def _no_list(text: str, error: str) -> str:
    return f"withParam value could not be parsed as a JSON list: {text}: {error}"


def _for_item(task: Mapping[str, Any], names: Names, index: int, item: str) -> Mapping[str, Any]:
    """Return the task for one item; a map gives its values by name too."""
    added, described = _item_names(item)
    own = {key: value for key, value in task.items() if key not in LOOPS}
    every = {**names, **added}
    try:
        if _is_off(task.get("when", "")):
            known = {name: value for name, value in every.items() if value is not None}
            own = replaced(own, known)
        else:
            own = replaced_wholly(own, every)
    except MissingVariable as error:
        raise TemplateError(str(error)) from None
    clean = described.replace("(", "").replace(")", "")
    return {**own, "name": f"{task['name']}({index}:{clean})"}


def _item_names(item: str) -> tuple[dict[str, str | None], str]:
    """Return what tags may name, and what stands in the node's name.

    A part of an item keeps its JSON, with the escapes of texts and the digits of numbers.
    """
    match json.loads(item):
        case str(text):
            return {"item": text}, _shown(item)
        case bool() | int() | float():
            return {"item": item}, item
        case dict():
            parts = {json.loads(key): value for key, value in go.entries(item)}
            described = ",".join(sorted(f"{key}:{_shown(parts[key])}" for key in parts))
            whole = ",".join(f"{json.dumps(key)}:{parts[key]}" for key in sorted(parts))
            fields: dict[str, str | None] = {f"item.{k}": _shown(v) for k, v in parts.items()}
            return {**fields, "item": "{" + whole + "}"}, described
        case list():
            elements = go.elements(item)
            whole = "[" + ",".join(elements) + "]"
            return {"item": whole}, "[" + " ".join(map(_shown, elements)) + "]"
    raise TemplateError(f"withItems expected string, number, list, or map. received: {item}")


def _shown(item: str) -> str:
    return item[1:-1] if item.startswith('"') else item
