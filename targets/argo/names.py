"""Names that Argo takes, made from names of Python."""

import re


class Names:
    """Gives names that are unique among those it gave; a second wish for one gets a number."""

    def __init__(self, separator: str) -> None:
        """Start empty; `separator` stands before the number."""
        self._separator = separator
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Return `wanted`, or `wanted` with the first free number from 2."""
        name, number = wanted, self._numbers.get(wanted, 1)
        while name in self._taken:
            number += 1
            name = f"{wanted}{self._separator}{number}"
        self._taken.add(name)
        self._numbers[wanted] = number
        return name


_OBJECT_NAME = re.compile(r"[a-z]+[a-z0-9]*+(?:-[a-z0-9]++)*+")


def object_name(text: str) -> str:
    """Return `text` as a template or task may be called: a label of RFC 1123, a letter first.

    Templates name pods, whose names are lower-case; a task that depends on others may not begin
    with a digit.
    """
    if _OBJECT_NAME.fullmatch(text):
        return text
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return name if name[:1].isalpha() else f"step-{name}".rstrip("-")


def parameter_name(text: str) -> str:
    """Return `text` as a parameter may be called; ASCII names of Python stay as they are."""
    if text.isascii() and text.isidentifier():
        return text
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text)
    return f"value_{name}" if name[:1].isdigit() else name
