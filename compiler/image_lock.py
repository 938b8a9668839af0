"""`headrace.lock`: what `headrace image` built, so that manifests and later builds name the same.

It stands beside the configuration, is TOML, and is committed with the source.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import is_file, read_bytes

FILE_NAME = "headrace.lock"
VERSION = 1


@dataclass(frozen=True)
class LockedImage:
    """One image.

    `digest` is that of its manifest in the registry, once it was pushed. `code` has the digest of
    the code of each pipeline that it holds. `base` is the image that it was built on, with its
    digest. `requirements` are what pip installs, with hashes, for `dependencies` and the version
    `python`.
    """

    code: tuple[str, ...] = ()
    base: str | None = None
    python: str | None = None
    dependencies: tuple[str, ...] = ()
    requirements: str = ""
    digest: str | None = None


def read_lock(folder: Path, sink: Sink) -> dict[str, LockedImage]:
    """Return the images in the lock file of `folder`, by reference; what is wrong goes to `sink`.

    There is none where there is no file.
    """
    path = folder / FILE_NAME
    if not is_file(path):
        return {}
    try:
        return _images(tomllib.loads(read_bytes(path).decode()))
    except (OSError, UnicodeDecodeError, AttributeError, TypeError, ValueError) as error:
        hint = "run `headrace image` again, or bring the file back from version control"
        sink.report("HR403", f"cannot read {FILE_NAME}: {error}", None, hint=hint)
        return {}


def _images(tree: Mapping[str, Any]) -> dict[str, LockedImage]:
    """Return the images of a lock file.

    Raises:
        AttributeError, TypeError: a part has another type.
        ValueError: it is of another version of the format.
    """
    if tree.get("version") != VERSION:
        raise ValueError(f"its version is {tree.get('version')!r}, not {VERSION}")
    images = {}
    for name, entry in tree.get("images", {}).items():
        values: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()
        }
        images[name] = image = LockedImage(**values)
        texts = (image.base or "", image.python or "", image.requirements, image.digest or "")
        for text in (*texts, *image.code, *image.dependencies):
            if not isinstance(text, str):
                raise TypeError(f"{text!r} in the image {name} is no text")
    return images


def write_lock(folder: Path, images: Mapping[str, LockedImage]) -> Path:
    """Write `images` into the lock file of `folder`; return its path.

    Raises:
        OSError: it cannot be written.
    """
    lines = ["# Written by `headrace image`. Commit it: manifests name images by these digests."]
    lines.append(f"version = {VERSION}")
    for name, image in sorted(images.items()):
        lines += ["", f"[images.{_text(name)}]"]
        lines += [f"digest = {_text(image.digest)}"] if image.digest else []
        lines.append(f"code = {_list(image.code)}")
        for key, value in (("base", image.base), ("python", image.python)):
            lines += [f"{key} = {_text(value)}"] if value else []
        lines.append(f"dependencies = {_list(image.dependencies)}")
        if image.requirements:
            lines.append(f"requirements = '''\n{image.requirements}'''")
    path = folder / FILE_NAME
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    """Return `text`, which has no control characters, as a basic string of TOML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pinned(image: str, locked: Mapping[str, LockedImage]) -> str:
    """Return `image` with the digest that it was pushed as, if one is known and it has none."""
    entry = locked.get(image)
    return f"{image}@{entry.digest}" if entry and entry.digest and "@" not in image else image
