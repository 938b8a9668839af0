"""The store in a bucket, against a server that answers as it is told; a real one is met elsewhere.

The bodies of errors are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
and https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from headrace.runtime import object_store
from headrace.runtime.errors import DataError, ManifestError, RetryableError, StepError
from headrace.runtime.store import open_store

SECRET = "a-secret-that-nobody-may-read"
ABSENT = "sha256:" + "0" * 64


def error(code: str, message: str = "Some words.") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


@dataclass
class Bucket:
    """A server that answers with the first of `answers`, and when they are used up as a bucket."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append(method)
        if self.answers:
            return self.answers.pop(0)
        if method == "PUT":
            self.objects[path] = body
            return 200, b""
        return (200, self.objects[path]) if path in self.objects else (404, error("NoSuchKey"))


@pytest.fixture(name="bucket")
def _bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = bucket.answer(self.command, unquote(self.path), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("ETag", '"x"')
            self.send_header("Last-Modified", "Tue, 01 Jan 2030 00:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_PUT = do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_"))]:
        monkeypatch.delenv(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr(object_store, "RETRIES", 1)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield bucket
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_there_is_only_asked_for(bucket: Bucket) -> None:
    store = open_store("s3://bucket/prefix")
    digest, _ = store.put_bytes(b"content")
    name = digest.partition(":")[2]
    assert bucket.objects == {f"/bucket/prefix/objects/sha256/ed/{name}": b"content"}
    assert store.put_bytes(b"content") == (digest, 7)
    assert bucket.asked == ["HEAD", "PUT", "HEAD"]
    assert store.read(digest) == b"content"


def test_another_writer_may_be_faster(bucket: Bucket) -> None:
    bucket.answers = [(404, b""), (412, error("PreconditionFailed"))]
    assert open_store("s3://bucket").put_bytes(b"content")[1] == 7
    assert bucket.asked == ["HEAD", "PUT"]


def test_who_may_not_list_the_bucket_is_told_403_of_what_is_absent(bucket: Bucket) -> None:
    bucket.answers = [(403, b"")]
    open_store("s3://bucket").put_bytes(b"content")
    assert bucket.asked == ["HEAD", "PUT"]


def test_a_server_that_is_too_busy_is_asked_again(bucket: Bucket) -> None:
    bucket.answers = [(404, b""), (503, error("SlowDown"))]
    digest, _ = open_store("s3://bucket").put_bytes(b"content")
    assert bucket.asked == ["HEAD", "PUT", "PUT"]
    bucket.answers = [(503, error("SlowDown"))]
    assert open_store("s3://bucket").read(digest) == b"content"


def test_damage_is_noticed(bucket: Bucket, tmp_path: Path) -> None:
    store = open_store("s3://bucket")
    digest, _ = store.put_bytes(b"content")
    bucket.objects = dict.fromkeys(bucket.objects, b"Content")
    with pytest.raises(DataError, match=f"the object {digest} in the store s3://bucket is damaged"):
        store.copy(digest, str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


ERRORS: list[tuple[int, bytes, type[StepError], str]] = [
    (403, error("AccessDenied", "Access Denied"), ManifestError, "denies access: give the account"),
    (403, error("InvalidAccessKeyId"), ManifestError, "refuses the credentials: check AWS_ACCESS"),
    (400, error("ExpiredToken"), ManifestError, "refuses the credentials"),
    (401, b"", ManifestError, "refuses the credentials"),
    (404, error("NoSuchBucket"), ManifestError, "does not exist: create it"),
    (301, error("PermanentRedirect"), ManifestError, "is elsewhere: set AWS_REGION"),
    (400, error("InvalidRequest", f"a\nb {SECRET}"), ManifestError, "refuses a request"),
    (429, b"", RetryableError, "too busy: 429 Too Many Requests"),
    (503, error("SlowDown", "Reduce your request rate."), RetryableError, "SlowDown: Reduce your"),
    (500, b"", RetryableError, "too busy: 500 Internal Server Error"),
]


@pytest.mark.parametrize(("status", "body", "kind", "said"), ERRORS)
def test_an_error_is_one_line_that_says_what_to_do(
    bucket: Bucket, status: int, body: bytes, kind: type[StepError], said: str
) -> None:
    store = open_store("s3://bucket/prefix")
    for call in (lambda: store.read(ABSENT), lambda: store.put_bytes(b"x")):
        puts = bool(bucket.asked)
        bucket.answers = [*([(404, b"")] if puts else []), *[(status, body)] * 2]
        with pytest.raises(kind, match=said) as raised:
            call()
        text = str(raised.value)
        assert "the store s3://bucket/prefix" in text
        assert "\n" not in text
        assert SECRET not in text
        assert len(text) < 500


def test_a_server_that_is_gone_is_a_fault_worth_a_retry(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(RetryableError, match=r"http://127\.0\.0\.1:9: Connection refused"):
        open_store("s3://bucket").read(ABSENT)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://", "names no bucket"),
        ("s3:///x", "names no bucket"),
        ("s3://a b/x", "names no bucket"),
        ("s3://bucket/../x", "names no bucket"),
        (f"s3://key:{SECRET}@bucket", "credentials and options come from the environment"),
        (f"az://container/x?sig={SECRET}", "credentials and options come from the environment"),
        ("az://container/x", "Account must be specified; check AZURE_STORAGE_ACCOUNT_NAME"),
        ("ftp://bucket", "write s3://, gs:// or az:// with a bucket"),
    ],
)
def test_urls_that_name_no_bucket(bucket: Bucket, url: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said) as raised:
        open_store(url).put_bytes(b"x")
    assert SECRET not in str(raised.value)


def test_an_endpoint_that_is_no_url_is_told(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "minio:9000")
    with pytest.raises(ManifestError, match="its endpoint 'minio:9000' is no URL"):
        open_store("s3://bucket").read(ABSENT)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"])
def test_the_line_end_of_a_secret_is_told(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"{SECRET}\n")
    with pytest.raises(ManifestError, match=f"the value of {name} has white space in it") as raised:
        open_store("s3://bucket").put_bytes(b"x")
    assert SECRET not in str(raised.value)


def test_a_missing_client_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ManifestError, match=r"obstore, which cannot be imported here.*add it to"):
        open_store("s3://bucket").put_bytes(b"x")


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "{folder}/store"])
def test_a_step_without_artifacts_needs_no_client(url: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text("def add(a: int) -> int:\n    return a + 1\n")
    program = (
        "import sys; from headrace.runtime.step import main;"
        "code = main(['--output=out=out', 'flow:add', '--a==1']);"
        "print(code, *{'obstore', 'tempfile', 'concurrent.futures'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"HEADRACE_STORE": url.format(folder=tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")
    assert (tmp_path / "out").read_text() == "=2"


def test_google_and_azure_are_asked_in_their_own_way(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.url.removeprefix("http://"))
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{bucket.url}/")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acme")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    for url in ("gs://bucket/google", "az://bucket/azure"):
        digest, _ = open_store(url).put_bytes(b"content")
        assert open_store(url).read(digest) == b"content"
        with pytest.raises(DataError, match="has no object"):
            open_store(url).read(ABSENT)
    name = f"objects/sha256/ed/{digest.partition(':')[2]}"
    assert list(bucket.objects) == [f"/bucket/google/{name}", f"/bucket/azure/{name}"]
    bucket.answers = [(404, error("ContainerNotFound", "None.\nRequestId:1"))]
    with pytest.raises(ManifestError, match=r"create it \(ContainerNotFound: None\.\)"):
        open_store("az://bucket/azure").read(ABSENT)
