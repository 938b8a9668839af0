"""The store in a bucket: what a real server of S3 makes of it, and pods that share one."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster.object_server import ObjectServer, serving
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.errors import DataError, ManifestError, RetryableError
from headrace.runtime.folders import put_folder
from headrace.runtime.object_store import PART
from headrace.runtime.store import Store, open_store

pytestmark = pytest.mark.cluster

BUCKET = "bucket"
URL = f"s3://{BUCKET}/a/prefix"
LARGE = 3 * PART + 17


@pytest.fixture(scope="module", name="running")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    if not shutil.which("go"):
        pytest.skip("NOT RUN: Go, which builds a server of S3, is not here (https://go.dev/dl)")
    with serving(tmp_path_factory.mktemp("s3"), "127.0.0.1", BUCKET) as server:
        yield server


@pytest.fixture(name="server")
def _server(running: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """Return the server, empty, and let the environment lead to it."""
    for name, value in running.variables.items():
        monkeypatch.setenv(name, value)
    for path in running.objects(BUCKET):
        path.unlink()
    return running


@pytest.fixture(name="store")
def _store(server: ObjectServer) -> Store:
    return open_store(URL)


@pytest.fixture(name="large")
def _large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(LARGE))
    return path


def place(server: ObjectServer, digest: str) -> Path:
    name = digest.partition(":")[2]
    return server.folder / BUCKET / "a/prefix/objects/sha256" / name[:2] / name


def test_an_object_is_where_a_folder_would_have_it(server: ObjectServer, store: Store) -> None:
    digest, size = store.put_bytes(b"content")
    assert size == 7
    assert server.objects(BUCKET) == [place(server, digest)]
    assert place(server, digest).read_bytes() == b"content"
    assert store.read(digest) == b"content"
    assert store.read(store.put_bytes(b"")[0]) == b""


@pytest.mark.parametrize("kind", ["bytes", "file", "written"])
def test_large_objects_travel_in_parts(
    store: Store, large: Path, tmp_path: Path, kind: str
) -> None:
    content = large.read_bytes()
    puts: dict[str, Callable[[], tuple[str, int]]] = {
        "bytes": lambda: store.put_bytes(content),
        "file": lambda: store.put_file(str(large)),
        "written": lambda: store.put(lambda file: file.write(content)),
    }
    digest, size = puts[kind]()
    assert (digest, size) == ("sha256:" + hashlib.sha256(content).hexdigest(), LARGE)
    assert store.read(digest) == content
    store.copy(digest, str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == content


def test_what_is_there_is_not_uploaded_again(
    server: ObjectServer, store: Store, large: Path
) -> None:
    puts: list[Callable[[], tuple[str, int]]]
    puts = [lambda: store.put_bytes(b"x"), lambda: store.put_file(str(large))]
    for put in puts:
        path = place(server, put()[0])
        before = path.stat()
        put()
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_writers_of_one_object_do_not_meet(server: ObjectServer, large: Path) -> None:
    def put(number: int) -> str:
        store = open_store(URL)
        return (store.put_file(str(large)) if number % 2 else store.put_bytes(b"small"))[0]

    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(put, range(16)))
    assert len(digests) == len(server.objects(BUCKET)) == 2
    assert all(open_store(URL).read(digest) for digest in digests)


def test_damage_and_absence_are_noticed(
    server: ObjectServer, store: Store, large: Path, tmp_path: Path
) -> None:
    for digest in (store.put_bytes(b"content")[0], store.put_file(str(large))[0]):
        path = place(server, digest)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{digest} in the store {URL} is damaged"):
            store.read(digest)
        with pytest.raises(DataError, match="is damaged"):
            store.copy(digest, str(tmp_path / "copy"))
        assert not (tmp_path / "copy").exists()
    with pytest.raises(DataError, match=f"{URL} has no object sha256:0"):
        store.read("sha256:" + "0" * 64)


def test_what_is_cut_short_is_uploaded_again(server: ObjectServer, store: Store) -> None:
    digest, _ = store.put_bytes(b"content")
    place(server, digest).write_bytes(b"con")
    assert store.put_bytes(b"content")[0] == digest
    assert store.read(digest) == b"content"


def test_a_file_that_changes_meanwhile_is_no_object(
    server: ObjectServer, store: Store, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size_of = store._size_of  # type: ignore[attr-defined]

    def changed(digest: str) -> int | None:
        found: int | None = size_of(digest)
        with large.open("r+b") as file:
            file.write(b"changed")
        return found

    monkeypatch.setattr(store, "_size_of", changed)
    with pytest.raises(DataError, match="was changed while"):
        store.put_file(str(large))
    assert server.objects(BUCKET) == []


def test_a_step_that_is_killed_leaves_no_part(server: ObjectServer, tmp_path: Path) -> None:
    path = tmp_path / "larger"
    with path.open("wb") as file:
        file.truncate(64 * PART)
    program = (
        "import sys; from headrace.runtime import object_store, store;"
        "checked = object_store._checked;"
        "object_store._checked = lambda *a: (print(flush=True) or part for part in checked(*a));"
        f"store.open_store({URL!r}).put_file(sys.argv[1])"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(16):  # parts, of the 64 that would be uploaded
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert server.objects(BUCKET) == []
    digest, _ = open_store(URL).put_file(str(path))
    assert place(server, digest).stat().st_size == 64 * PART


def test_files_and_folders_come_back(server: ObjectServer, store: Store, tmp_path: Path) -> None:
    copies, folder = tmp_path / "copies", tmp_path / "data"
    copies.mkdir()
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "é {{.txt").write_text("one")
    (folder / "run.sh").write_text("two")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    (folder / "large").write_bytes(os.urandom(PART + 1))
    for number in range(40):
        (folder / f"{number % 20} {number}").write_text(str(number % 20))
    artifacts = Artifacts(store, lambda: str(copies))
    copy: Path = wire.decode(wire.mark(wire.encode(folder, artifacts)), artifacts)
    assert (copy / "inner" / "é {{.txt").read_text() == "one"
    assert (copy / "run.sh").stat().st_mode & 0o100
    assert (copy / "link").readlink() == Path("run.sh")
    assert put_folder(open_store(str(tmp_path / "store")), str(copy)) == put_folder(
        store, str(folder)
    )
    text = wire.encode({"k": b"x" * 10}, artifacts)
    assert wire.decode(wire.mark(text), artifacts) == {"k": b"x" * 10}


WRONG: dict[str, tuple[dict[str, str], str, type[Exception], str]] = {
    "no bucket": ({}, "s3://absent/x", ManifestError, "bucket of the store s3://absent/x does not"),
    "key": ({"AWS_ACCESS_KEY_ID": "nobody"}, URL, ManifestError, "refuses the credentials: check"),
    "secret": ({"AWS_SECRET_ACCESS_KEY": "w" * 9}, URL, ManifestError, "SignatureDoesNotMatch"),
    "region": ({"AWS_REGION": "eu-west-1"}, URL, ManifestError, "is elsewhere: set AWS_REGION"),
    "nobody there": (
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        URL,
        RetryableError,
        "cannot be reached, or is too busy: http://127.0.0.1:9: Connection refused",
    ),
    "no such host": (
        {"AWS_ENDPOINT_URL": "http://s3.invalid"},
        URL,
        RetryableError,
        "cannot be reached, or is too busy: http://s3.invalid: ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_without_a_secret(
    server: ObjectServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    variables, url, kind, said = WRONG[name]
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    store = open_store(url)
    reads = (lambda: store.put_bytes(b"x"), lambda: store.read("sha256:" + "0" * 64))
    for call in reads if kind is ManifestError else reads[1:]:
        with pytest.raises(kind, match=said) as raised:
            call()
        assert "\n" not in str(raised.value)
        assert os.environ["AWS_SECRET_ACCESS_KEY"] not in str(raised.value)
