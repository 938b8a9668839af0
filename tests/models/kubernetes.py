"""What a kubelet and Linux make of a container before its first line runs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_ARGUMENT = 131_071
"""Of a process on Linux, in bytes, of an argument or a variable: MAX_ARG_STRLEN, less its end."""


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Expand `$(NAME)` and `$$` as the kubelet does: unknown names stay."""

    def replace(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else variables.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", replace, text)


def environment(container: Mapping[str, Any], machine: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a container; those of `machine` are there before its own.

    One that a Secret or a field of the pod gives is left out.
    """
    found = dict(machine)
    for variable in container.get("env", ()):
        if "value" in variable:
            found[variable["name"]] = expanded(variable["value"], found)
    return found


def command(container: Mapping[str, Any], variables: Mapping[str, str]) -> list[str]:
    """Return what a container is started with."""
    texts = (*container["command"], *container.get("args", ()))
    return [expanded(text, variables) for text in texts]


def cannot_start(arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Whether a program cannot be started with these, one of them being too long."""
    texts = (*arguments, *(f"{name}={value}" for name, value in variables.items()))
    return any(len(text.encode()) > LONGEST_ARGUMENT for text in texts)
