"""What a compilation looks at on the disk: all of it, so that its result can be kept as well.

The frontend and the configuration read files and ask for them through this module only.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


class Accesses:
    """What was read and asked for, by path: the digest of a content, or whether it is there.

    Attributes:
        contents: The digest of each file that was read.
        files: For each path whether it was a file.
        folders: For each path whether it was a folder.
        there: For each path whether anything stood there, be it what it may.
        modules: For each folder the modules and packages that were in it.
        steady: Whether nothing changed while it was looked at.
    """

    def __init__(
        self,
        contents: dict[str, str] | None = None,
        files: dict[str, bool] | None = None,
        folders: dict[str, bool] | None = None,
        modules: dict[str, list[str]] | None = None,
        there: dict[str, bool] | None = None,
    ) -> None:
        """Start with what is given."""
        self.contents = contents or {}
        self.files = files or {}
        self.folders = folders or {}
        self.modules = modules or {}
        self.there = there or {}
        self.steady = True

    def as_object(self) -> dict[str, object]:
        """Return what JSON can hold of it: the arguments that make it again."""
        return {name: value for name, value in vars(self).items() if name != "steady"}

    def hold(self) -> bool:
        """Whether a look at the disk would give the same now."""
        try:
            return (
                all(os.path.isfile(path) is there for path, there in self.files.items())
                and all(os.path.isdir(path) is there for path, there in self.folders.items())
                and all(os.path.lexists(path) is there for path, there in self.there.items())
                and all(_modules(path) == known for path, known in self.modules.items())
                and all(digest(_read(path)) == known for path, known in self.contents.items())
            )
        except OSError:
            return False


_current: ContextVar[Accesses | None] = ContextVar("accesses", default=None)


@contextmanager
def recorded() -> Iterator[Accesses]:
    """Collect what is looked at within the `with`."""
    accesses = Accesses()
    token = _current.set(accesses)
    try:
        yield accesses
    finally:
        _current.reset(token)


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a file; also False where a folder above it may not be entered."""
    there = os.path.isfile(path)
    if accesses := _current.get():
        _note(accesses, accesses.files, path, there)
    return there


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder; also False where a folder above it may not be entered."""
    there = os.path.isdir(path)
    if accesses := _current.get():
        _note(accesses, accesses.folders, path, there)
    return there


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether anything stands at `path`: also a pipe, or a link that leads nowhere."""
    there = os.path.lexists(path)
    if accesses := _current.get():
        _note(accesses, accesses.there, path, there)
    return there


def modules_in(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names of the modules and packages in `folder`, sorted."""
    names = _modules(folder)
    if accesses := _current.get():
        _note(accesses, accesses.modules, folder, names)
    return names


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the content of the file at `path`.

    Raises:
        OSError: it cannot be read.
    """
    try:
        data = _read(path)
    except OSError:
        if accesses := _current.get():
            accesses.steady = False
        raise
    if accesses := _current.get():
        _note(accesses, accesses.contents, path, digest(data))
    return data


def digest(data: bytes) -> str:
    """Return a text that other contents do not have."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def _modules(folder: str | os.PathLike[str]) -> list[str]:
    names = set()
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            if name.endswith(".py"):
                names.add(name.removesuffix(".py"))
            elif os.path.isfile(os.path.join(folder, name, "__init__.py")):
                names.add(name)
    return sorted(names - {"__init__"})


def _read(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _note(accesses: Accesses, known: dict[str, T], path: str | os.PathLike[str], found: T) -> None:
    if known.setdefault(os.path.abspath(path), found) != found:
        accesses.steady = False
