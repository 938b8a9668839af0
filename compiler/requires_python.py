"""The Pythons that a `requires-python` allows."""

import re
from collections.abc import Iterator

DEFAULT_MINOR = 11
"""The Python that is used where nothing says otherwise: 3.11."""

_OLDEST_MINOR = 9
_NEWEST_MINOR = 40
_SPECIFIER = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*(\d+(?:\.\d+)*)(\.\*)?")


def lowest_minor(requires_python: str) -> int:
    """Return the lowest minor version of Python 3 that `requires_python` allows.

    Where it gives no lower bound, 3.11 is preferred. The form is that of PEP 440.

    Raises:
        ValueError: it is not a version specifier, or the shim runs on none of what it allows.
    """
    specifiers = list(_specifiers(requires_python))
    allowed = [
        minor
        for minor in range(_OLDEST_MINOR, _NEWEST_MINOR)
        if any(_allows(specifiers, (3, minor, patch)) for patch in (0, 99))
    ]
    if not allowed:
        raise ValueError(f"no Python from 3.{_OLDEST_MINOR} on fits {requires_python!r}")
    bounded = any(operator in {">=", ">", "==", "===", "~="} for operator, _, _ in specifiers)
    return DEFAULT_MINOR if not bounded and DEFAULT_MINOR in allowed else allowed[0]


def allows(requires_python: str, version: tuple[int, int, int]) -> bool:
    """Whether `requires_python` allows the Python `version`.

    Raises:
        ValueError: it is not a version specifier.
    """
    return _allows(list(_specifiers(requires_python)), version)


def _specifiers(text: str) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _SPECIFIER.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not a version specifier such as >=3.11")
        yield match[1], tuple(map(int, match[2].split("."))), bool(match[3])


def _allows(specifiers: list[tuple[str, tuple[int, ...], bool]], version: tuple[int, ...]) -> bool:
    return all(_fits(operator, wanted, star, version) for operator, wanted, star in specifiers)


def _fits(operator: str, wanted: tuple[int, ...], star: bool, version: tuple[int, ...]) -> bool:
    length = max(len(wanted), len(version))
    padded = wanted + (0,) * (length - len(wanted))
    same = version[: len(wanted)] == wanted if star else version == padded
    return {
        "==": same,
        "===": same,
        "!=": not same,
        ">=": version >= padded,
        ">": version > padded,
        "<=": version <= padded,
        "<": version < padded,
        "~=": version >= padded and version[: len(wanted) - 1] == wanted[:-1],
    }[operator]
