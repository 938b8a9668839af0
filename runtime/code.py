"""The digest of the code that a run executes: the same at compile time and in the container."""

from __future__ import annotations

import hashlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def digest(files: Mapping[str, bytes | str | os.PathLike[str]]) -> str:
    """Return one digest over modules, given by name with the bytes of their files, or the files.

    It is `sha256:` and the hex SHA-256 of the lines `MODULE HEX\\n`, sorted, where HEX is the
    SHA-256 of the module's file.

    Raises:
        OSError: a file cannot be read.
    """
    lines = sorted(
        f"{name} {hashlib.sha256(_content(files[name])).hexdigest()}\n" for name in files
    )
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def _content(file: bytes | str | os.PathLike[str]) -> bytes:
    if isinstance(file, bytes):
        return file
    with open(file, "rb") as opened:
        return opened.read()


def find_module(name: str, path: Sequence[str] | None = None) -> str | None:
    """Return the source file of the module `name` on `path` (`sys.path`); nothing is imported.

    As in Python, the first folder that has a package of that name wins over later ones, and a
    folder without `__init__.py` counts only when no other has one. Archives are not looked into.
    """
    folders = list(sys.path if path is None else path)
    *parents, last = name.split(".")
    for parent in parents:
        folders = _package_folders(parent, folders)
    for folder in folders:
        stem = os.path.join(folder or os.curdir, last)
        for candidate in (os.path.join(stem, "__init__.py"), stem + ".py"):
            if os.path.isfile(candidate):
                return candidate
    return None


def _package_folders(name: str, folders: Sequence[str]) -> list[str]:
    """Return where the modules of the package `name` are; several for a namespace package."""
    namespace = []
    for folder in folders:
        stem = os.path.join(folder or os.curdir, name)
        if os.path.isfile(os.path.join(stem, "__init__.py")):
            return [stem]
        if os.path.isfile(stem + ".py"):
            return []
        if os.path.isdir(stem):
            namespace.append(stem)
    return namespace


def installed_digest(
    modules: Iterable[str], path: Sequence[str] | None = None
) -> tuple[str, list[str]]:
    """Return the digest over `modules` as they are found on `path`, and those not found.

    Raises:
        OSError: a file cannot be read.
    """
    found = {name: find_module(name, path) for name in modules}
    files = {name: file for name, file in found.items() if file is not None}
    return digest(files), [name for name in found if name not in files]
