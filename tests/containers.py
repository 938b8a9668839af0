"""Podman for tests, with its storage in a folder: it builds images, or is an engine at a socket.

The engine has one image, `IMAGE`, and nothing is in it: containers see the programs of this
machine, read-only, through the mounts that a test asks for. Podman and runc are Debian packages,
which `python3 tests/environments.py kubeflow` installs.
"""

import atexit
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

import pytest

IMAGE = "localhost/headrace-test:latest"
SECONDS_TO_START = 30
LIMITS = {"nofile": (1024, 4096), "nproc": (1024, 2048)}
"""Soft and hard limits of containers: a machine that is one itself may not raise them."""

_SETTINGS = f"""\
[containers]
default_ulimits = {[f"{name}={soft}:{hard}" for name, (soft, hard) in LIMITS.items()]}
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_FOLDERS = ("bin", "dev", "etc", "lib", "lib64", "proc", "root", "sys", "tmp", "usr")


def is_there() -> bool:
    """Return whether this machine has what an engine needs."""
    return bool(shutil.which("podman") and shutil.which("runc"))


class Podman:
    """Podman with all that it keeps in one folder, whose owner removes it."""

    def __init__(self, folder: Path) -> None:
        """Let `folder` be its own.

        Raises:
            RuntimeError: podman is not there.
        """
        if not is_there():
            raise RuntimeError("podman and runc are needed: python3 tests/environments.py kubeflow")
        self.folder = folder
        settings = folder / "containers.conf"
        settings.write_text(_SETTINGS)
        self.environment = os.environ | {"CONTAINERS_CONF": str(settings)}
        places = ("--root", folder / "storage", "--runroot", folder / "run")
        self.command = ["podman", "--storage-driver=vfs", *map(str, places)]

    def run(self, *arguments: str | Path) -> str:
        """Run podman with `arguments`; return what it printed.

        Raises:
            RuntimeError: it failed.
        """
        done = subprocess.run(
            [*self.command, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"podman {arguments[0]} failed: {done.stderr}")
        return done.stdout


class Engine:
    """A running engine; `host` is what DOCKER_HOST is set to."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            RuntimeError: podman is not there or does not start.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="headrace-podman-"))
        podman = Podman(self.folder)
        socket = self.folder / "podman.sock"
        self.host = f"unix://{socket}"
        self._import_image(podman)
        self._log = (self.folder / "podman.log").open("w")
        self._service = subprocess.Popen(
            [*podman.command, "system", "service", "--time=0", self.host],
            env=podman.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_for(socket)

    def stop(self) -> None:
        """End the engine and remove all it kept."""
        self._service.terminate()
        self._service.wait(timeout=SECONDS_TO_START)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _import_image(self, podman: Podman) -> None:
        archive = self.folder / "image.tar"
        with tarfile.open(archive, "w") as tar:
            for name in _FOLDERS:
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
                tar.addfile(folder)
        podman.run("import", "--quiet", archive, IMAGE)

    def _wait_for(self, socket: Path) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not socket.exists():
            if self._service.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "podman.log").read_text()
                raise RuntimeError(f"podman does not start: {log}")
            time.sleep(0.05)


_ENGINES: list[Engine] = []


def engine() -> Engine:
    """Return the engine of this process, which ends with it.

    Where there can be none, the test is left out, and the run says so; not where CI is set.
    """
    if not is_there() and not os.environ.get("CI"):
        pytest.skip("NOT RUN: podman and runc are not here, and only root on Debian can get them")
    if not _ENGINES:
        _ENGINES.append(Engine())
        atexit.register(lambda: _ENGINES.pop().stop())
    return _ENGINES[0]


def program_folders(python: str | Path) -> list[str]:
    """Return the folders that a container needs to run the interpreter `python`."""
    program = "import sys; print(sys.prefix); print(sys.base_prefix)"
    done = subprocess.run(
        [str(python), "-I", "-c", program], capture_output=True, text=True, check=True
    )
    system = [f for f in ("/usr", "/bin", "/lib", "/lib64", "/etc") if Path(f).exists()]
    return outermost([*system, *done.stdout.split("\n")[:2], str(Path(python).parent)])


def outermost(folders: list[str]) -> list[str]:
    """Return `folders` without those that lie in another one."""
    kept: list[str] = []
    for folder in sorted(set(folders), key=len):
        if not any(Path(folder).is_relative_to(other) for other in kept):
            kept.append(folder)
    return kept
