"""The store of artifacts: content, named by its SHA-256, as `objects/sha256/ab/<hex>`.

No one ever sees a part of an object, and it is checked against its name whenever it is read. A
store is a folder here; `headrace.runtime.object_store` has those in buckets.
"""

from __future__ import annotations

import hashlib
import io
import os

from headrace.runtime.errors import DataError, ManifestError, from_os_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Any

CHUNK = 1 << 20
"""How many bytes are read or written at a time."""


OBJECT_SCHEMES = ("s3", "gs", "az")
"""What the URLs of stores in buckets begin with, before `://`."""


def open_store(url: str) -> Store:
    """Return the store that `url` names: a bucket, or a folder.

    Raises:
        ManifestError: the URL is that of no store, or what reaches it is not installed.
    """
    scheme, separator, _ = url.partition("://")
    if separator and scheme in OBJECT_SCHEMES:
        from headrace.runtime.object_store import ObjectStore

        return ObjectStore(url)
    return FolderStore(url)


def root_of(url: str) -> str:
    """Return the folder that a store's URL names: `file:///folder` or a path.

    Raises:
        ManifestError: the URL names something else.
    """
    if url.startswith("file:"):
        path = url[len("file:") :]
        if path.startswith("//"):
            host, slash, rest = path[2:].partition("/")
            if host not in ("", "localhost"):
                raise ManifestError(f"the store {url} names the host {host}: write file:///{rest}")
            path = slash + rest
        if "%" in path:
            from urllib.parse import unquote

            path = unquote(path)
    elif "://" in url:
        scheme = url.partition("://")[0]
        raise ManifestError(
            f"cannot use a store of the kind {scheme}://: write s3://, gs:// or az:// with a "
            "bucket, or file:///folder"
        )
    else:
        path = url
    if not path:
        raise ManifestError(f"the store {url} names no folder")
    return os.path.abspath(path)


class HashingFile:
    """A file to write to, which knows the digest and the size of what was written."""

    def __init__(self, file: IO[bytes] | None) -> None:
        """Write to `file`; without one, only hash."""
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: Any) -> int:
        """Write `data`, bytes or a buffer, and return its size."""
        if self._file is not None:
            self._file.write(data)
        self._hash.update(data)
        size = memoryview(data).nbytes
        self.size += size
        return size

    def flush(self) -> None:
        """Do nothing: what writes an object syncs it once."""

    @property
    def digest(self) -> str:
        """The digest of what was written so far."""
        return "sha256:" + self._hash.hexdigest()


class Store:
    """Objects by the digest of their content; `place` is what messages call the store."""

    def __init__(self, place: str) -> None:
        """Call the store `place` in messages."""
        self.place = place

    def put(self, write: Callable[[HashingFile], object]) -> tuple[str, int]:
        """Keep what `write` writes, and return its digest and its size in bytes.

        Raises:
            RetryableError, ManifestError: the store cannot be written to.
        """
        raise NotImplementedError

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep `data`, and return its digest and its size; see `put`."""
        return self.put(lambda file: file.write(data))

    def put_file(self, path: str) -> tuple[str, int]:
        """Keep the content of the file at `path`, and return its digest and its size; see `put`.

        Raises:
            OSError: the file cannot be read.
        """
        with open(path, "rb") as file:
            return self.put(lambda target: [target.write(chunk) for chunk in chunks(file)])

    def each(
        self, call: Callable[[dict[str, Any]], Any], entries: list[dict[str, Any]]
    ) -> list[Any]:
        """Return what `call` gives for each of `entries`, which puts or copies what has a `size`.

        A store that is far away does several at a time.
        """
        return [call(entry) for entry in entries]

    def read(self, digest: str) -> bytes:
        """Return the content of the object `digest`.

        Raises:
            DataError: it is absent or damaged.
            RetryableError, ManifestError: the store cannot be read.
        """
        content = io.BytesIO()
        self._check(digest, self._written_to(content, digest))
        return content.getvalue()

    def copy(self, digest: str, path: str, mode: int = 0o666) -> None:
        """Write the content of the object `digest` to a new file at `path`.

        Raises:
            DataError, RetryableError, ManifestError: as for `read`; the file is not there then.
        """
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with open(opened, "wb") as target:
                found = self._written_to(target, digest)
            self._check(digest, found)
        except BaseException:
            os.unlink(path)
            raise

    def _written_to(self, file: IO[bytes], digest: str) -> str:
        """Write the object `digest` to `file`, part by part; return the digest of what came."""
        hashing = HashingFile(file)
        for part in self._parts(digest):
            hashing.write(part)
        return hashing.digest

    def _parts(self, digest: str) -> Iterator[Any]:
        """Yield the content of the object `digest` as bytes or buffers, in order."""
        raise NotImplementedError

    def _check(self, digest: str, found: str) -> None:
        if digest != found:
            raise DataError(f"the object {digest} in the store {self.place} is damaged")


def name_of(digest: str) -> str:
    """Return the name of the object `digest` in a store.

    Raises:
        DataError: it is no digest.
    """
    kind, _, name = str(digest).partition(":")
    if kind != "sha256" or len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise DataError(f"{digest!r} is not the digest of an object")
    return f"objects/{kind}/{name[:2]}/{name}"


class FolderStore(Store):
    """The objects under one folder, each written beside its place, synced and renamed."""

    def __init__(self, url: str) -> None:
        """Use the folder that `url` names; it is made when something is put there.

        Raises:
            ManifestError: the URL is not that of a folder.
        """
        self.root = root_of(url)
        super().__init__(self.root)

    def put(self, write: Callable[[HashingFile], object]) -> tuple[str, int]:
        """Keep what `write` writes; see `Store.put`."""
        with explained(f"cannot write to the store {self.root}"):
            return self._put(write)

    def _put(self, write: Callable[[HashingFile], object]) -> tuple[str, int]:
        folder = os.path.join(self.root, "unfinished")
        os.makedirs(folder, exist_ok=True)
        unfinished = os.path.join(folder, f"{os.getpid()}-{os.urandom(8).hex()}")
        try:
            with open(unfinished, "xb") as file:
                hashing = HashingFile(file)
                write(hashing)
                file.flush()
                place = self._path(hashing.digest)
                if not os.path.exists(place):
                    os.fsync(file.fileno())
                    os.makedirs(os.path.dirname(place), exist_ok=True)
                    os.chmod(unfinished, os.stat(unfinished).st_mode & 0o444)
                    os.replace(unfinished, place)
        finally:
            if os.path.exists(unfinished):
                os.unlink(unfinished)
        return hashing.digest, hashing.size

    def _parts(self, digest: str) -> Iterator[bytes]:
        with self._opened(digest) as file:
            yield from chunks(file)

    def _opened(self, digest: str) -> IO[bytes]:
        place = self._path(digest)
        try:
            return open(place, "rb")
        except FileNotFoundError:
            raise DataError(f"the store {self.root} has no object {digest}") from None
        except OSError as error:
            raise from_os_error(error, f"cannot read from the store {self.root}") from None

    def _path(self, digest: str) -> str:
        return os.path.join(self.root, *name_of(digest).split("/"))


def chunks(file: IO[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """Yield what is left of `file`, at most `size` bytes at a time."""
    while chunk := file.read(size):
        yield chunk


class explained:
    """Turns an error of the operating system into one that says what failed."""

    def __init__(self, what: str) -> None:
        """Say that `what` failed."""
        self._what = what

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        """Raise the error that explains `error`, if that is one."""
        if isinstance(error, OSError):
            raise from_os_error(error, self._what) from None
