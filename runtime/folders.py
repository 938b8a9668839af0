"""Files and folders as artifacts: content, names, links and the executable bit; nothing else.

A folder is one object, a JSON list of what is in it, beside one object for each file's content.
"""

from __future__ import annotations

import json
import os
import stat

from headrace.runtime.errors import DataError, from_os_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from headrace.runtime.store import Store

WRITTEN_AT = 315532800
"""When each copy says it was changed last (1980, seconds of Unix): any later change stands out."""


def put_folder(store: Store, path: str) -> tuple[str, int]:
    """Keep the folder at `path`; return the digest of its list, and its size in bytes.

    A link that leads out of the folder is kept as what it leads to.

    Raises:
        DataError: the folder holds something that is neither file, folder nor link.
        OSError: something cannot be read.
    """
    root = os.path.realpath(path)
    found = sorted(_entries(root, root, "", (root,)), key=lambda entry: entry["path"])
    entries = store.each(lambda entry: _kept(store, root, entry), found)
    text = json.dumps({"headrace": "folder", "entries": entries}, separators=(",", ":"))
    digest, _ = store.put_bytes(text.encode("ascii"))
    return digest, sum(entry.get("size", 0) for entry in entries)


def _kept(store: Store, root: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return `entry` of the folder `root`; the content of a file is then kept."""
    if entry["kind"] != "file":
        return entry
    path = os.path.join(root, *entry["path"].split("/"))
    digest, size = store.put_file(path)
    executable = {"executable": True} if os.stat(path).st_mode & stat.S_IXUSR else {}
    return {"path": entry["path"], "kind": "file", "digest": digest, "size": size, **executable}


def _entries(
    root: str, folder: str, prefix: str, above: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """Yield what is below `folder`; `above` are the real folders around it."""
    with os.scandir(folder) as scan:
        found = list(scan)
    if not found and prefix:
        yield {"path": prefix[:-1], "kind": "folder"}
    for entry in found:
        path = prefix + entry.name
        if entry.is_symlink() and not _leads_out(root, entry.path):
            yield {"path": path, "kind": "link", "to": os.readlink(entry.path)}
        elif entry.is_dir():
            real = os.path.realpath(entry.path)
            if real in above:
                raise DataError(f"cannot pass the folder {root!r} on: {path!r} leads around to it")
            yield from _entries(root, entry.path, path + "/", (*above, real))
        elif entry.is_file():
            yield {"path": path, "kind": "file", "size": entry.stat().st_size}
        else:
            raise DataError(f"cannot pass the folder {root!r} on: {path!r} is no file")


def _leads_out(root: str, link: str) -> bool:
    """Whether the link leads to something that is there, outside of the folder `root`."""
    target = os.readlink(link)
    real = os.path.realpath(link)
    inside = real == root or real.startswith(root + os.sep)
    return os.path.exists(real) and (os.path.isabs(target) or not inside)


def copy_folder(store: Store, digest: str, path: str) -> None:
    """Make the folder that `digest` stands for at `path`.

    Raises:
        DataError: an object is absent or damaged.
        RetryableError, ManifestError: the store cannot be read, or the folder not be made.
    """
    try:
        entries = json.loads(store.read(digest))["entries"]
    except (ValueError, KeyError, TypeError):
        raise DataError(f"the object {digest} is not the list of a folder") from None
    try:
        os.makedirs(path)
        # Links come last, so that nothing is written through one.
        links = [entry for entry in entries if entry["kind"] == "link"]
        others = [entry for entry in entries if entry["kind"] != "link"]
        for each in (others, links):
            store.each(lambda entry: _make(store, entry, path), each)
    except OSError as error:
        raise from_os_error(error, f"cannot make a copy in {path}") from None


def _make(store: Store, entry: dict[str, Any], root: str) -> None:
    parts = entry["path"].split("/")
    if not all(parts) or os.curdir in parts or os.pardir in parts:
        raise DataError(f"{entry['path']!r} is not a path in a folder")
    path = os.path.join(root, *parts)
    os.makedirs(path if entry["kind"] == "folder" else os.path.dirname(path), exist_ok=True)
    if entry["kind"] == "file":
        copy_file(store, entry["digest"], path, bool(entry.get("executable")))
    elif entry["kind"] == "link":
        os.symlink(entry["to"], path)


def copy_file(store: Store, digest: str, path: str, executable: bool) -> None:
    """Make the file that `digest` stands for at `path`.

    Raises:
        DataError, RetryableError, ManifestError: as for `Store.copy`.
    """
    store.copy(digest, path, 0o777 if executable else 0o666)
    os.utime(path, (WRITTEN_AT, WRITTEN_AT))


def state_of(path: str) -> list[Any]:
    """Return what changes when a file, or something in a folder, is changed; no content is read."""
    try:
        status = os.lstat(path)
    except OSError:
        return ["absent"]
    if stat.S_ISDIR(status.st_mode):
        return [[name, state_of(os.path.join(path, name))] for name in sorted(os.listdir(path))]
    if stat.S_ISLNK(status.st_mode):
        return ["link", os.readlink(path)]
    executable = bool(status.st_mode & stat.S_IXUSR)
    return [status.st_size, status.st_mtime_ns, status.st_ino, executable]
