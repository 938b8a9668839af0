"""Evaluates the small expressions that a manifest carries."""

from __future__ import annotations

import builtins

from headrace.runtime.errors import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType
    from typing import Any

FUNCTIONS = (
    "len min max sum sorted abs round any all str int float bool list dict tuple zip enumerate "
    "range reversed repr format divmod"
)
"""The built-in functions that an expression may call."""

FILE_NAME = "<expression>"
"""The name of the file that tracebacks show for an expression."""

_BUILTINS = {name: getattr(builtins, name) for name in FUNCTIONS.split()}


def evaluate(source: str, names: Mapping[str, object]) -> Any:
    """Return the value of the Python expression `source` over `names`.

    What the expression itself raises passes through, as it would in the pipeline's own body.

    Raises:
        ManifestError: `source` is no expression, or it reads a name that it may not.
    """
    try:
        code = compile(source, FILE_NAME, "eval")
    except (SyntaxError, ValueError) as error:
        raise ManifestError(f"cannot read the expression `{source}`: {error}") from None
    unknown = _names_read(code) - set(names) - set(_BUILTINS)
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise ManifestError(f"the expression `{source}` reads {listed}, which is not given")
    return eval(code, {"__builtins__": _BUILTINS, **names})


def _names_read(code: CodeType) -> set[str]:
    """Return the global names that `code` reads, and attributes that only internals have.

    An expression is code of the manifest's author. Underscored attributes are refused all the
    same, so that the words above stay the whole language.
    """
    names = {name for name in code.co_names if name.startswith("__")}
    import dis

    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            names.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            names |= _names_read(constant)
    return names
