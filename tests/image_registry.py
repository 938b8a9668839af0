"""A registry of images on this machine, in memory: what builders push, they can pull again.

The part of https://github.com/opencontainers/distribution-spec that they use for it.
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Registry(ThreadingHTTPServer):
    """The server; `blobs` and `manifests` are what was pushed, the latter by digest and by tag."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[bytes, str]] = {}

    @property
    def name(self) -> str:
        """Return the host and port that images are named by."""
        return f"localhost:{self.server_address[1]}"


@contextmanager
def running() -> Iterator[Registry]:
    """Run a registry as long as the block is."""
    registry = Registry()
    thread = threading.Thread(target=registry.serve_forever, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        registry.shutdown()
        registry.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Registry

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        blob = re.fullmatch(r"/v2/.+/blobs/(sha256:\w+)", self.path)
        manifest = re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", self.path)
        if self.path == "/v2/":
            self._answer(200)
        elif blob and blob[1] in self.server.blobs:
            self._answer(200, self.server.blobs[blob[1]])
        elif manifest and f"{manifest[1]}/{manifest[2]}" in self.server.manifests:
            content, kind = self.server.manifests[f"{manifest[1]}/{manifest[2]}"]
            headers = {"Content-Type": kind, "Docker-Content-Digest": _digest(content)}
            self._answer(200, content, headers)
        else:
            self._answer(404)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        upload = f"u{len(self.server.uploads)}"
        self.server.uploads[upload] = b""
        self._answer(202, headers={"Location": f"{self.path.rstrip('/')}/{upload}"})

    def do_PATCH(self) -> None:
        upload = self.path.rpartition("/")[2]
        self.server.uploads[upload] += self._body()
        self._answer(202, headers={"Location": self.path})

    def do_PUT(self) -> None:
        body, place = self._body(), urlsplit(self.path)
        if "/manifests/" in place.path:
            name, _, tag = place.path.removeprefix("/v2/").partition("/manifests/")
            entry = (body, self.headers["Content-Type"])
            self.server.manifests |= {f"{name}/{tag}": entry, f"{name}/{_digest(body)}": entry}
            self._answer(201, headers={"Docker-Content-Digest": _digest(body)})
            return
        content = self.server.uploads.pop(place.path.rpartition("/")[2]) + body
        (digest,) = parse_qs(place.query)["digest"]
        assert digest == _digest(content)
        self.server.blobs[digest] = content
        self._answer(201, headers={"Location": place.path})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
