"""Evaluates the small expressions that a manifest carries."""

from __future__ import annotations

import builtins

from headrace.runtime.errors import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import CodeType
    from typing import Any

FUNCTIONS = (
    "len min max sum sorted abs round any all str int float bool list dict tuple zip enumerate "
    "range reversed repr format divmod set frozenset"
)
"""The built-in functions that an expression may call."""

FILE_NAME = "<expression>"
"""The name of the file that tracebacks show for an expression."""


def unpack(value: Any, count: int) -> list[object]:
    """Return the `count` elements of `value`; raise what unpacking it into `count` names would."""
    try:
        iterator = iter(value)
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"cannot unpack non-iterable {kind} object") from None
    elements: list[object] = []
    for element in iterator:
        if len(elements) == count:
            raise ValueError(f"too many values to unpack (expected {count})")
        elements.append(element)
    if len(elements) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(elements)})")
    return elements


def flattened(lists: Iterable[Iterable[object]]) -> list[object]:
    """Return the elements of `lists`, in their order."""
    return [element for each in lists for element in each]


def divided(values: Iterable[object], lists: Iterable[Sequence[object]]) -> list[list[object]]:
    """Return `values` in as many lists as `lists` are, each as long as the one in its place."""
    following = iter(values)
    return [[next(following) for _ in each] for each in lists]


def merged(mappings: Iterable[Mapping[object, object]]) -> dict[object, object]:
    """Return the entries of `mappings`; a later one replaces the value of an earlier one."""
    return {key: value for each in mappings for key, value in each.items()}


def fail(exception: str, *arguments: object, **named: object) -> object:
    """Raise the exception with the dotted name `exception`, made of the arguments."""
    raise named_class(exception)(*arguments, **named)


def make(name: str, *arguments: object, **named: object) -> object:
    """Return an object of the class with the dotted name `name`."""
    return named_class(name)(*arguments, **named)


def raise_again(error: BaseException) -> object:
    """Raise `error`, which another step has raised before."""
    raise error


def first_raised(caught: Iterable[object]) -> object:
    """Return the first of `caught` that is no None, if there is one."""
    return next((each for each in caught if each is not None), None)


def named_class(name: str) -> Any:
    """Return the class that `name` names: a builtin, or `module.Class`.

    Raises:
        ManifestError: there is none.
    """
    import importlib

    module, _, path = name.rpartition(".")
    inside = [path]
    while module:
        try:
            found: Any = importlib.import_module(module)
            for part in inside:
                found = getattr(found, part)
            return found
        except (ImportError, AttributeError):
            module, _, path = module.rpartition(".")
            inside.insert(0, path)
    if not hasattr(builtins, name):
        raise ManifestError(f"there is no class {name} here")
    return getattr(builtins, name)


def handled(
    handlers: Iterable[tuple[str, Iterable[str]]], error: BaseException | None
) -> tuple[str, BaseException] | None:
    """Return the first of `handlers` that handles `error`, and the error; None if there is none.

    Raises:
        ManifestError: a class of a handler is not here, or is no exception.
    """
    for handler, names in handlers:
        classes = tuple(map(named_class, names))
        if not all(isinstance(c, type) and issubclass(c, BaseException) for c in classes):
            raise ManifestError(f"{', '.join(names)}: not all of them are exceptions")
        if isinstance(error, classes):
            return handler, error
    return None


HELPERS = {
    helper.__name__: helper
    for helper in (unpack, flattened, divided, merged, make, fail, raise_again, first_raised)
}
"""What the compiler's own expressions may call besides, and users may not."""

_BUILTINS = {
    **{name: getattr(builtins, name) for name in FUNCTIONS.split()},
    **HELPERS,
    "__import__": __import__,
}
"""What an expression finds. It cannot name `__import__`: what it calls may, such as `strftime`."""


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
    hidden = sorted(_hidden_names(code))
    if hidden:
        raise ManifestError(f"the expression `{source}` reads {', '.join(hidden)}")
    try:
        return eval(code, {"__builtins__": _BUILTINS, **names})
    except NameError as error:
        if _raised_by_expression(error):
            raise ManifestError(f"cannot evaluate the expression `{source}`: {error}") from None
        raise


def reads(source: str, name: str) -> bool:
    """Whether the expression `source` reads `name` outside of comprehensions in it."""
    return name in compile(source, FILE_NAME, "eval").co_names


def _hidden_names(code: CodeType) -> set[str]:
    """Return the names in `code` that lead out of the language above."""
    names = {name for name in code.co_names if name.startswith("__")}
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            names |= _hidden_names(constant)
    return names


def _raised_by_expression(error: BaseException) -> bool:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return at is not None and at.tb_frame.f_code.co_filename == FILE_NAME
