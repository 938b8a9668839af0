"""Evaluates glue: the Python expressions that stand between a pipeline's steps."""

import builtins
from collections.abc import Mapping
from typing import Any

NAMES = (
    "len min max sum sorted abs round any all str int float bool list dict tuple zip enumerate "
    "range reversed repr format divmod"
).split()
"""The builtins that glue may use."""

_BUILTINS = {name: getattr(builtins, name) for name in NAMES}


def evaluate(source: str, names: Mapping[str, object]) -> Any:
    """Return the value of the expression `source`; it raises what the expression raises."""
    code = compile(source, "<pipeline>", "eval")
    return eval(code, {"__builtins__": _BUILTINS, **names})
