"""The part of the check that reads tags, `{{...}}`, and expressions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

Problems: TypeAlias = Iterator[str]


@dataclass(frozen=True)
class Readable:
    """What a text may refer to.

    `tasks` are tasks whose outputs are certainly there, `perhaps` are those that may have been
    skipped. Outputs stand by the name of their task.
    """

    inputs: frozenset[str] = frozenset()
    workflow: frozenset[str] = frozenset()
    tasks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    perhaps: Mapping[str, frozenset[str]] = field(default_factory=dict)
    item: bool = False
    retry: bool = False

    def with_item(self) -> "Readable":
        """Return this with the item of a loop."""
        return replace(self, item=True)

    def with_tasks(self, tasks: Mapping[str, frozenset[str]]) -> "Readable":
        """Return this with tasks that have succeeded."""
        return Readable(self.inputs, self.workflow, tasks, self.perhaps, self.item, self.retry)

    def with_perhaps(self, perhaps: Mapping[str, frozenset[str]]) -> "Readable":
        """Return this with tasks that may have been skipped."""
        return replace(self, perhaps=perhaps)


_TAG = re.compile(r"\{\{(.*?)\}\}")
_REFERENCE = re.compile(
    r"inputs\.parameters\.(?P<input>[\w-]+)"
    r"|workflow\.parameters\.(?P<workflow>[\w-]+)"
    r"|tasks\.(?P<task>[\w-]+)\.outputs\.parameters\.(?P<output>[\w-]+)"
    r"|(?P<item>item)"
)


def tags(text: str, readable: Readable, *, whole: bool = False, needed: bool = False) -> Problems:
    """Yield what is wrong with the tags of `text`; `whole`: it is one tag, or has none at all.

    With `needed` it must be one tag.
    """
    if "{{" not in text and not needed:
        return
    found = _TAG.findall(text)
    if text.count("{{") != len(found) or (needed and not found):
        yield f"{text!r} is not a tag"
    if whole and found and text != f"{{{{{found[0]}}}}}":
        yield f"{text!r} is more than one tag"
    for tag in found:
        match = _REFERENCE.fullmatch(tag)
        if match is None or not _resolves(match, readable):
            yield f"nothing gives {tag!r} here"


def _resolves(match: re.Match[str], readable: Readable) -> bool:
    if match["input"]:
        return match["input"] in readable.inputs
    if match["workflow"]:
        return match["workflow"] in readable.workflow
    if match["task"]:
        return match["output"] in readable.tasks.get(match["task"], ())
    return readable.item


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\['\\])*')"
    r"|(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\['[\w-]+'\])*)"
    r"|(?P<number>[0-9]+)"
    r"|(?P<operator>\?\?|==|!=|[?:+()\[\],!]))"
)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([\w-]+)'\]")


def expression(text: str, readable: Readable) -> Problems:
    """Yield what is wrong with the expression `text`.

    An expression must neither throw nor name something absent, even in an arm that is not taken.
    So the output of a task that may have been skipped is read with `??` only.
    """
    tokens: list[re.Match[str]] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            yield f"{text[position:]!r} is no part of an expression"
            return
        tokens.append(match)
        position = match.end()
    for number, token in enumerate(tokens):
        if token["path"]:
            following = tokens[number + 1]["operator"] if number + 1 < len(tokens) else None
            yield from _path(token["path"], following, readable)


def _path(path: str, following: str | None, readable: Readable) -> Problems:
    root = re.split(r"[.\[]", path, maxsplit=1)[0]
    steps = [root, *(first or second for first, second in _STEP.findall(path))]
    match steps:
        case ["inputs", "parameters", name] if name in readable.inputs:
            return
        case ["tasks", task, "status"] if task in readable.perhaps:
            return
        case ["tasks", task, "outputs", "parameters", name]:
            if name in readable.tasks.get(task, ()):
                return
            if name in readable.perhaps.get(task, ()):
                if following != "??":
                    yield f"{path!r} may be absent"
                return
        case ["lastRetry", "exitCode"] | ["asInt"] | ["in"] if readable.retry:
            return
    yield f"nothing gives {path!r} here"
