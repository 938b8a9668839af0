"""The artifact store: immutable objects, named by the SHA-256 of their content, in a folder."""

import hashlib
import json
import os
import shutil
from typing import Any, Optional

CHUNK = 1 << 20
"""How many bytes are read at a time."""


class StoreError(Exception):
    """The store cannot be used as it is addressed. The message is for users."""


class Corrupt(Exception):
    """An object's content is not what its name says, or it is not there."""


def open_store(url: str) -> "FileStore":
    """Return the store at `url`: `file:///folder`, or the path of a folder.

    Raises:
        StoreError: the URL is of another kind.
    """
    if url.startswith("file:"):
        path = url[len("file:") :]
        return FileStore("/" + path.lstrip("/") if path.startswith("//") else path)
    if "://" in url:
        raise StoreError(f"the store {url} is not a folder: use file:///folder")
    return FileStore(url)


class FileStore:
    """A store in a folder, which many processes may use at once."""

    def __init__(self, root: str) -> None:
        """Use the folder `root`, which is made when the first object is written."""
        self._root = os.path.abspath(root)

    def _path(self, digest: str) -> str:
        algorithm, _, name = digest.partition(":")
        if algorithm != "sha256" or len(name) != 64 or not name.isalnum():
            raise Corrupt(f"not the digest of an object: {digest!r}")
        return os.path.join(self._root, "objects", "sha256", name[:2], name[2:])

    def put(self, content: bytes) -> str:
        """Write an object, and return its digest."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if not os.path.exists(path):
            write_atomically(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content of an object, verified.

        Raises:
            Corrupt: it is not there, or its content has another digest.
        """
        try:
            with open(self._path(digest), "rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise Corrupt(f"the store {self._root} has no object {digest}") from None
        if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
            raise Corrupt(f"the object {digest} in the store {self._root} is damaged")
        return content

    def put_file(self, source: str) -> "tuple[str, int]":
        """Copy the file `source` into the store; return its digest and its size in bytes."""
        temporary = temporary_path(os.path.join(self._root, "objects", "incoming"))
        try:
            digest, size = _copy(source, temporary)
            path = self._path(digest)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.replace(temporary, path)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
        return digest, size

    def get_file(self, digest: str, target: str) -> None:
        """Copy an object to the file `target`, verified.

        Raises:
            Corrupt: it is not there, or its content has another digest.
        """
        path = self._path(digest)
        if not os.path.exists(path):
            raise Corrupt(f"the store {self._root} has no object {digest}")
        if _copy(path, target)[0] != digest:
            os.unlink(target)
            raise Corrupt(f"the object {digest} in the store {self._root} is damaged")

    def put_folder(self, source: str) -> "tuple[str, int]":
        """Copy the folder `source` into the store; return its digest and its files' size."""
        entries: "list[dict[str, Any]]" = []
        total = 0
        for folder, folders, files in os.walk(source):
            folders.sort()
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            if not folders and not files and folder != source:
                entries.append({"path": _relative(folder, source), "kind": "folder"})
            for name in sorted([*files, *links]):
                path = os.path.join(folder, name)
                entry: "dict[str, Any]" = {"path": _relative(path, source)}
                if os.path.islink(path):
                    entry.update(kind="link", to=os.readlink(path))
                else:
                    digest, size = self.put_file(path)
                    total += size
                    executable = os.access(path, os.X_OK)
                    entry.update(kind="file", digest=digest, executable=executable)
                entries.append(entry)
        entries.sort(key=lambda entry: str(entry["path"]))
        return self.put(json.dumps(entries).encode()), total

    def get_folder(self, digest: str, target: str) -> None:
        """Copy a folder out of the store to `target`, verified."""
        os.makedirs(target)
        for entry in json.loads(self.get(digest)):
            path = os.path.join(target, *entry["path"].split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if entry["kind"] == "folder":
                os.makedirs(path, exist_ok=True)
            elif entry["kind"] == "link":
                os.symlink(entry["to"], path)
            else:
                self.get_file(entry["digest"], path)
                if entry["executable"]:
                    os.chmod(path, 0o755)


def _relative(path: str, folder: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _copy(source: str, target: str) -> "tuple[str, int]":
    digest, size = hashlib.sha256(), 0
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(source, "rb") as reader, open(target, "wb") as writer:
        while True:
            chunk = reader.read(CHUNK)
            if not chunk:
                break
            digest.update(chunk)
            size += len(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return "sha256:" + digest.hexdigest(), size


def temporary_path(folder: str, name: str = "object") -> str:
    """Return a path in `folder`, which is made, that no other process uses."""
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(6).hex()}")


def write_atomically(path: str, content: bytes, mode: Optional[int] = None) -> None:
    """Write `content` to `path` so that nobody ever sees a part of it."""
    temporary = temporary_path(os.path.dirname(path) or os.curdir, os.path.basename(path))
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def remove(path: str) -> None:
    """Remove a file or a folder, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
