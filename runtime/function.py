"""The user's function: finding it, giving it its arguments by name, calling it."""

from __future__ import annotations

import sys

from headrace.runtime.errors import ManifestError, StepError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_TAKES_ANY_POSITIONAL, _TAKES_ANY_NAME = 0x04, 0x08
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200
"""Flags of a code object (https://docs.python.org/3/library/inspect.html#code-objects-bit-flags)."""


class UserError(StepError):
    """The user's code failed; `cause` is what it raised, `where` may say where."""

    def __init__(self, text: str, cause: BaseException | None = None, where: str = "") -> None:
        """Keep the line for people, or nothing where the exception says it all, and the cause."""
        super().__init__(text)
        self.cause = cause
        self.where = where


def load(key: str) -> Callable[..., Any]:
    """Return the function that `module:name` names.

    Raises:
        ManifestError: there is no such module or function, or it is of a kind that no step is.
        UserError: importing the module failed.
    """
    module, _, path = key.partition(":")
    import_module(module)
    found: Any = sys.modules[module]
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            where = getattr(sys.modules[module], "__file__", None)
            raise ManifestError(f"the module {module} ({where}) has no {path}") from None
    if not callable(found):
        raise ManifestError(f"{key} is not a function")
    code = getattr(found, "__code__", None)
    if code is not None and code.co_flags & (_GENERATOR | _COROUTINE | _ASYNC_GENERATOR):
        kind = "a generator" if code.co_flags & _GENERATOR else "async"
        raise ManifestError(f"{key} is {kind}: a step is a function that returns its result")
    function: Callable[..., Any] = found
    return function


def import_module(module: str) -> None:
    """Import the user's `module`.

    Raises:
        ManifestError: it is not here.
        UserError: it raised, or ended the program.
    """
    try:
        __import__(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(error.name + ".")):
            raise ManifestError(
                f"no module {error.name!r} here: the image needs the sources of the pipeline in "
                "its working folder or on PYTHONPATH"
            ) from None
        raise UserError(
            f"{module} needs the module {error.name!r}, which is not installed here: "
            "add it to `dependencies`, and to the image of the step",
            error,
        ) from None
    except SystemExit as error:
        raise UserError(
            f"importing {module} ended the program (sys.exit): "
            'put what only a script does under `if __name__ == "__main__":`',
            error,
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UserError("", error) from None


def call(key: str, function: Callable[..., Any], arguments: Mapping[str, object]) -> Any:
    """Return what `function` gives for `arguments`, by name.

    Raises:
        ManifestError: the arguments do not fit its signature.
        UserError: it raised, or ended the program.
    """
    positional, by_name = _bound(key, function, dict(arguments))
    try:
        return function(*positional, **by_name)
    except SystemExit as error:
        raise UserError(
            f"{key} ended the program (sys.exit({'' if error.code is None else repr(error.code)}))"
            " instead of returning",
            error,
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UserError("", error) from None


def _bound(
    key: str, function: Callable[..., Any], arguments: dict[str, object]
) -> tuple[list[object], dict[str, object]]:
    code = getattr(function, "__code__", None)
    simple = code is not None and not hasattr(function, "__wrapped__")
    if not simple or hasattr(function, "__signature__") or hasattr(function, "__self__"):
        return _bound_by_signature(key, function, arguments)
    positional: Any = code
    names = positional.co_varnames[: positional.co_argcount + positional.co_kwonlyargcount]
    only_positional = names[: positional.co_posonlyargcount]
    defaults: tuple[object, ...] = getattr(function, "__defaults__", None) or ()
    last = names[: positional.co_argcount]
    default_of = dict(zip(last[len(last) - len(defaults) :], defaults))
    default_of.update(getattr(function, "__kwdefaults__", None) or {})
    missing = [name for name in names if name not in arguments and name not in default_of]
    unknown = [name for name in arguments if name not in names]
    if positional.co_flags & _TAKES_ANY_NAME:
        unknown = []
    _refuse(key, missing, unknown)
    first = [arguments.pop(name, default_of.get(name)) for name in only_positional]
    return first, arguments


def _bound_by_signature(
    key: str, function: Callable[..., Any], arguments: dict[str, object]
) -> tuple[list[object], dict[str, object]]:
    import inspect

    try:
        parameters = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return [], arguments
    kinds = inspect.Parameter
    variable = (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    named = {name: p for name, p in parameters.items() if p.kind not in variable}
    missing = [n for n, p in named.items() if n not in arguments and p.default is p.empty]
    unknown = [name for name in arguments if name not in named]
    if any(p.kind is kinds.VAR_KEYWORD for p in parameters.values()):
        unknown = []
    _refuse(key, missing, unknown)
    first = [
        arguments.pop(name, parameter.default)
        for name, parameter in named.items()
        if parameter.kind is kinds.POSITIONAL_ONLY
    ]
    return first, arguments


def _refuse(key: str, missing: list[str], unknown: list[str]) -> None:
    if missing:
        raise ManifestError(f"{key} needs {_listed(missing)}, which the manifest does not give")
    if unknown:
        raise ManifestError(f"{key} takes no {_listed(unknown)}, which the manifest gives")


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
