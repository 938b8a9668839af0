"""A store in a bucket of S3, of Google Cloud Storage or of Azure Blob Storage.

The one package outside of the standard library is obstore (https://developmentseed.org/obstore),
which is the Rust crate `object_store`: loaded here and nowhere else.
"""

from __future__ import annotations

import hashlib
import os

from headrace.runtime.errors import DataError, ManifestError, StepError
from headrace.runtime.store import HashingFile, Store, chunks, explained, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

PART = 8 << 20
"""Bytes of an object that travel in one request; a smaller object travels in one."""

AT_ONCE = 8
"""Requests at a time; each holds a part in memory."""

RETRIES = 10
"""How often a request is sent again that found nobody, or somebody too busy."""

_WORDS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY"),
    *("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_STORAGE_ENDPOINT"),
)
"""Variables whose values have no white space, and often come from a file."""

MOST_PARTS = 9_000
"""Parts of an upload; S3 takes 10,000:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""


class ObjectStore(Store):
    """The objects below a URL such as `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        """Use the bucket that `url` names, with the credentials that its own tools would find.

        Nothing is imported, and nobody asked, before there is an object to put or to read.

        Raises:
            ManifestError: the URL names no bucket.
        """
        self._parts_of_url = split_url(url)
        scheme, bucket, prefix = self._parts_of_url
        super().__init__("/".join(filter(None, (f"{scheme}://{bucket}", prefix))))
        self._client: Any = None

    def _connected(self) -> Any:
        """Return the package obstore, when there is a client for the bucket.

        Raises:
            ManifestError: it is not installed, or what the environment says of the bucket cannot
                be used.
        """
        if self._client is None:
            self._client = _client(*self._parts_of_url, self.place)
        import obstore.exceptions

        return obstore

    def put(self, write: Callable[[HashingFile], object]) -> tuple[str, int]:
        """Keep what `write` writes; see `Store.put`. A file of this machine has it first."""
        import tempfile

        told = explained(f"cannot write a file for the store {self.place}")
        with told, tempfile.NamedTemporaryFile(prefix="headrace-") as file:
            hashing = HashingFile(file)
            write(hashing)
            file.flush()
            self._keep(hashing, file.name)
        return hashing.digest, hashing.size

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep `data`; see `Store.put`."""
        if len(data) > PART:
            return super().put_bytes(data)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        found = self._size_of(digest)
        if found != len(data):
            self._put_at_once(digest, data, replaces=found is not None)
        return digest, len(data)

    def put_file(self, path: str) -> tuple[str, int]:
        """Keep the content of the file at `path`, without a copy; see `Store.put`.

        Raises:
            OSError: the file cannot be read.
            DataError: the file changes meanwhile.
        """
        hashing = HashingFile(None)
        with open(path, "rb") as file:
            for chunk in chunks(file):
                hashing.write(chunk)
        self._keep(hashing, path)
        return hashing.digest, hashing.size

    def each(
        self, call: Callable[[dict[str, Any]], Any], entries: list[dict[str, Any]]
    ) -> list[Any]:
        """Return what `call` gives for each of `entries`; see `Store.each`.

        Those that travel in several parts do so one after another, for the sake of memory.
        """
        from concurrent.futures import ThreadPoolExecutor

        self._connected()  # once, and not in each thread
        done: dict[int, Any] = {}
        small = [i for i, entry in enumerate(entries) if entry.get("size", 0) <= PART]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            made = pool.map(call, [entries[index] for index in small])
            done.update(zip(small, made))
        return [done[i] if i in done else call(entry) for i, entry in enumerate(entries)]

    def _keep(self, content: HashingFile, path: str) -> None:
        """Upload the file at `path`, which has the `content`, unless the object is there."""
        found = self._size_of(content.digest)
        if found == content.size:
            return
        parts = _checked(path, content.digest)
        if content.size <= PART:
            self._put_at_once(content.digest, b"".join(parts), replaces=found is not None)
            return
        # Nothing is there before the last part is; a file that has changed ends the upload.
        self._asked(
            self._connected().put,
            name_of(content.digest),
            parts,
            use_multipart=True,
            chunk_size=max(PART, -(-content.size // MOST_PARTS)),
            max_concurrency=AT_ONCE,
        )

    def _put_at_once(self, digest: str, data: bytes, *, replaces: bool) -> None:
        """Upload `data`; it `replaces` an object of another size, which is damaged."""
        obstore = self._connected()
        faster = obstore.exceptions.AlreadyExistsError  # was another writer of the same content
        unknown = obstore.exceptions.NotSupportedError  # AWS_CONDITIONAL_PUT=disabled
        name = name_of(digest)
        if not replaces:
            try:
                expected = (faster, unknown)
                self._asked(obstore.put, name, data, mode="create", expected=expected)
            except faster:
                return
            except unknown:
                pass
            else:
                return
        self._asked(obstore.put, name, data, use_multipart=False)

    def _size_of(self, digest: str) -> int | None:
        """Return the size of the object `digest`; None if it is absent, or nobody may know."""
        obstore = self._connected()
        # Who may not list a bucket is told 403 instead of 404, and what else is wrong with the
        # request only where an answer has a body: that to the upload which follows has one.
        generic = obstore.exceptions.GenericError
        unknown = (FileNotFoundError, obstore.exceptions.PermissionDeniedError, generic)
        try:
            size: int = self._asked(obstore.head, name_of(digest), expected=unknown)["size"]
        except unknown as error:
            if isinstance(error, generic) and "status code: 400" not in str(error):
                raise self._explained(error) from None
            return None
        return size

    def _parts(self, digest: str) -> Iterator[Any]:
        obstore = self._connected()
        name = name_of(digest)
        try:
            found = self._asked(obstore.get, name, expected=(FileNotFoundError,))
        except FileNotFoundError as error:
            from headrace.runtime.object_errors import is_only_absent

            if not is_only_absent(error):
                raise self._explained(error) from None
            raise DataError(f"the store {self.place} has no object {digest}") from None
        size = found.meta["size"]
        if size <= PART:
            yield self._asked(lambda _: found.bytes())
        else:
            del found
            yield from self._ranges(name, size)

    def _ranges(self, name: str, size: int) -> Iterator[Any]:
        """Yield the object `name` of `size` bytes in parts, several of which are on their way."""
        from collections import deque
        from concurrent.futures import Future, ThreadPoolExecutor

        obstore = self._connected()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            coming: deque[Future[Any]] = deque()
            try:
                for start in range(0, size, PART):
                    end = min(start + PART, size)
                    coming.append(
                        pool.submit(self._asked, obstore.get_range, name, start=start, end=end)
                    )
                    if len(coming) == AT_ONCE:
                        yield coming.popleft().result()
                while coming:
                    yield coming.popleft().result()
            finally:
                for future in coming:
                    future.cancel()

    def _asked(
        self,
        call: Callable[..., Any],
        *arguments: object,
        expected: tuple[type[BaseException], ...] = (),
        **options: object,
    ) -> Any:
        """Return what `call` gives for this bucket; what is not `expected` is explained.

        Raises:
            RetryableError, ManifestError: it failed.
        """
        try:
            return call(self._client, *arguments, **options)
        except Exception as error:  # obstore's own classes, and some of Python's
            if isinstance(error, (StepError, *expected)):
                raise
            raise self._explained(error) from None

    def _explained(self, error: BaseException) -> StepError:
        from headrace.runtime.object_errors import store_error

        return store_error(error, self.place)


def _checked(path: str, digest: str) -> Iterator[bytes]:
    """Yield the content of the file at `path`.

    Raises:
        DataError: its digest is another one, so that it has changed.
    """
    hashing = HashingFile(None)
    with explained(f"cannot read {path}"), open(path, "rb") as file:
        for chunk in chunks(file, PART):
            hashing.write(chunk)
            yield chunk
    if hashing.digest != digest:
        raise DataError(f"the file {path} was changed while it was put into the store")


def split_url(url: str) -> tuple[str, str, str]:
    """Return the scheme, the bucket and the prefix that `url` names.

    Raises:
        ManifestError: it names no bucket, or holds what belongs into the environment.
    """
    scheme, _, rest = url.partition("://")
    if any(mark in rest for mark in "@?#"):
        # Perhaps a password: nothing of it may be shown.
        raise ManifestError(
            f"the URL of the {scheme} store holds more than a bucket and a prefix: credentials "
            "and options come from the environment"
        )
    bucket, _, prefix = rest.partition("/")
    names = [name for name in prefix.split("/") if name]
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    if not bucket or not set(bucket) <= plain or {os.curdir, os.pardir} & set(names):
        raise ManifestError(f"the store {url} names no bucket: write {scheme}://bucket/prefix")
    return scheme, bucket, "/".join(names)


def _client(scheme: str, bucket: str, prefix: str, url: str) -> Any:
    try:
        import obstore.store
    except ImportError as error:
        raise ManifestError(
            f"the store {url} is reached with the package obstore, which cannot be imported here "
            f"({error}): add it to the image, which `headrace image` does, or to the environment"
        ) from None
    from datetime import timedelta

    _refuse_white_space(url)
    settings, endpoint = _settings(scheme, os.environ)
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise ManifestError(f"cannot use the store {url}: its endpoint {endpoint!r} is no URL")
    kinds = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore"}
    try:
        return getattr(obstore.store, kinds[scheme])(
            bucket,
            prefix=prefix or None,
            client_options={
                "connect_timeout": "10s",
                "timeout": "120s",  # of one request, which carries a part
                **({"allow_http": True} if endpoint.startswith("http://") else {}),
            },
            # For a minute at most, and from 0.1 to 15 seconds apart: then the step fails.
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=60)},
            **settings,
        )
    except Exception as error:  # obstore's own classes, and some of Python's
        from headrace.runtime.object_errors import setting_error

        raise setting_error(error, url) from None


def _refuse_white_space(url: str) -> None:
    """Refuse variables that no cloud would take, and that obstore ends the process by.

    Raises:
        ManifestError: the value of one has white space in it.
    """
    for name in _WORDS:
        value = os.environ.get(name)
        if value and value.split() != [value]:
            raise ManifestError(
                f"cannot use the store {url}: the value of {name} has white space in it, perhaps "
                "the line end of the file that its secret was made from"
            )


def _settings(scheme: str, environment: Any) -> tuple[dict[str, Any], str]:
    """Return what obstore does not read from the environment itself, and the endpoint in it.

    The variables are those of the clouds' own libraries:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html (S3),
    https://docs.cloud.google.com/storage/docs/emulators (Google, for an emulator),
    https://learn.microsoft.com/cli/azure/storage (Azure).
    """
    settings: dict[str, Any] = {}
    if scheme == "s3":
        endpoint = _first(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
        region = _first(environment, "AWS_REGION", "AWS_DEFAULT_REGION")
        settings = {"endpoint": endpoint.rstrip("/"), "region": region}
    elif scheme == "gs":
        endpoint = _first(environment, "STORAGE_EMULATOR_HOST").rstrip("/")
        if endpoint:
            endpoint = endpoint if "://" in endpoint else f"http://{endpoint}"
            token = {"token": "of-nobody", "expires_at": None}
            settings = {"base_url": endpoint, "credential_provider": lambda: token}
    else:
        endpoint = _first(environment, "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
        account = _first(environment, "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
        settings = {"endpoint": endpoint.rstrip("/"), "account_name": account}
    return {name: value for name, value in settings.items() if value}, endpoint


def _first(environment: Any, *names: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")
