"""Names that Kubeflow Pipelines takes, made from names of Python."""

import re
from collections.abc import Callable, Iterable


class Names:
    """Gives names that are unique among those it gave; a second wish for one gets a number.

    A name may come with others that the engine derives from it, which are then taken too.
    """

    def __init__(
        self,
        separator: str,
        derived: Callable[[str], Iterable[str]] = lambda name: (),
        taken: Iterable[str] = (),
    ) -> None:
        """Start with the names in `taken`; `separator` stands before the number."""
        self._separator = separator
        self._derived = derived
        self._taken: set[str] = set(taken)
        self._numbers: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Return `wanted`, or `wanted` with the first free number from 2."""
        name, number = wanted, self._numbers.get(wanted, 1)
        while self._taken & {name, *self._derived(name)}:
            number += 1
            name = f"{wanted}{self._separator}{number}"
        self._taken |= {name, *self._derived(name)}
        self._numbers[wanted] = number
        return name


def component_names() -> Names:
    """Return names for components; the loops over one are templates of their own in Argo."""
    return Names("-", lambda name: (f"{name}-iteration", f"{name}-{EACH}-iterator"))


def task_names() -> Names:
    """Return names for the tasks of a DAG; each has a task that starts it."""
    return Names("-", lambda name: (f"{name}-driver",))


EACH = "each"
"""The task that is a loop."""


def object_name(text: str) -> str:
    """Return `text` as a task may be called: lower-case letters, digits and `-`, a letter first."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return name if name[:1].isalpha() else f"step-{name}".rstrip("-")


def parameter_name(text: str) -> str:
    """Return `text` as a parameter may be called; ASCII names of Python stay as they are."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text)
    return f"value_{name}" if name[:1].isdigit() else name
