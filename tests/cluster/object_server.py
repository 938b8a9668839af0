"""A real server of S3 for tests: versitygw, which keeps the objects of a bucket as files."""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cluster.binaries import built_tool

SECONDS_TO_START = 20


@dataclass(frozen=True)
class ObjectServer:
    """A server at `endpoint`, which keeps each bucket as a folder of `folder`."""

    endpoint: str
    folder: Path
    access_key: str = field(default_factory=lambda: f"tester-{secrets.token_hex(4)}")
    secret_key: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def variables(self) -> dict[str, str]:
        """What a client finds in its environment."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def objects(self, bucket: str) -> list[Path]:
        """Return the files of the objects that clients can see in `bucket`."""
        root = self.folder / bucket
        found = (path for path in sorted(root.rglob("*")) if path.is_file())
        return [path for path in found if path.relative_to(root).parts[0] != ".sgwtmp"]


@contextmanager
def serving(folder: Path, address: str = "127.0.0.1", *buckets: str) -> Iterator[ObjectServer]:
    """Run a server at `address` that has `buckets`, with all of its files in `folder`.

    Raises:
        RuntimeError: it cannot be built, or does not start.
    """
    program = built_tool("versitygw")
    with socket.create_server((address, 0)) as probe:
        port = probe.getsockname()[1]
    server = ObjectServer(f"http://{address}:{port}", folder / "buckets")
    for bucket in buckets:
        (server.folder / bucket).mkdir(parents=True)
    command: list[str | Path] = [
        program,
        "--port",
        f"{address}:{port}",
        "--quiet",
        "posix",
        server.folder,
    ]
    keys = {"ROOT_ACCESS_KEY": server.access_key, "ROOT_SECRET_KEY": server.secret_key}
    log = folder / "versitygw.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env=os.environ | keys, stdout=file, stderr=file, start_new_session=True
        )
    try:
        _wait(process, (address, port), log)
        yield server
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], address: tuple[str, int], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"versitygw does not start:\n{log.read_text()[-2000:]}")
