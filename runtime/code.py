"""The digest of the code that a run executes: the same at compile time and in the container."""

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Optional


def digest(files: Mapping[str, bytes]) -> str:
    """Return one digest over modules, given by name with the bytes of their files."""
    lines = (
        f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode() for name in sorted(files)
    )
    return "sha256:" + hashlib.sha256(b"".join(lines)).hexdigest()


def find_module(name: str, path: "Optional[list[str]]" = None) -> Optional[str]:
    """Return the file of the module `name` on `path` (`sys.path`), without importing anything."""
    parts = name.split(".")
    for folder in sys.path if path is None else path:
        stem = os.path.join(folder or os.curdir, *parts)
        for candidate in (os.path.join(stem, "__init__.py"), stem + ".py"):
            if os.path.isfile(candidate):
                return candidate
    return None


def installed_digest(modules: Iterable[str]) -> "tuple[str, list[str]]":
    """Return the digest over `modules` as they are found on `sys.path`, and those not found."""
    files: "dict[str, bytes]" = {}
    missing = []
    for name in modules:
        found = find_module(name)
        if found is None:
            missing.append(name)
            continue
        with open(found, "rb") as file:
            files[name] = file.read()
    return digest(files), missing
