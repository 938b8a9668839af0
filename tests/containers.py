"""Podman for tests, with its storage in a folder: it builds images, or is an engine at a socket.

The engine has one image, `IMAGE`, and nothing is in it: containers see the programs of this
machine, read-only, through the mounts that a test asks for. Podman and runc are Debian packages,
which `python3 tests/environments.py kubeflow` installs.
"""

import atexit
import os
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

IMAGE = "localhost/headrace-test:latest"
USER = "65532:65532"
"""Who runs in containers: nobody that this machine knows."""
PYTHON_IMAGE = "localhost/headrace-python:latest"
SYSTEM_PYTHON = "/usr/bin/python3"
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
lock_type = "file"
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
        settings = folder / "containers.conf"
        settings.write_text(_SETTINGS)
        self.environment = os.environ | {"CONTAINERS_CONF": str(settings)}
        # Locks are in its `tmpdir`: of those of the machine there are 2,048, and a service that is
        # killed never gives them back.
        places = {"root": "storage", "runroot": "run", "tmpdir": "tmp"}
        options = [f"--{option}={folder / name}" for option, name in places.items()]
        self.command = ["podman", "--storage-driver=vfs", *options]

    def call(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run podman with `arguments`; return how it ended."""
        return subprocess.run(
            [*self.command, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def run(self, *arguments: str | Path) -> None:
        """Run podman with `arguments`.

        Raises:
            RuntimeError: it failed.
        """
        done = self.call(*arguments)
        if done.returncode:
            raise RuntimeError(f"podman {arguments[0]} failed: {done.stderr}")


class Engine:
    """A running engine; `host` is what DOCKER_HOST is set to."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            RuntimeError: podman is not there or does not start.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="headrace-podman-"))
        self._podman = Podman(self.folder)
        socket = self.folder / "podman.sock"
        self.host = f"unix://{socket}"
        self._import_image()
        self._log = (self.folder / "podman.log").open("w")
        self._service = subprocess.Popen(
            [*self._podman.command, "system", "service", "--time=0", self.host],
            env=self._podman.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_for(socket)

    def run(
        self,
        command: Sequence[str],
        *,
        mounts: Mapping[str, Path],
        writable: Mapping[str, Path],
        environment: Mapping[str, str],
        image: str = IMAGE,
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` in a container, as a user without rights; return how it ended.

        It sees the folders of this machine that `mounts` and `writable` name by its own paths, may
        write into the latter and into /tmp, and has no network.
        """
        options = ["--rm", "--network=none", f"--user={USER}", "--read-only", "--tmpfs=/tmp"]
        options += [f"--volume={folder}:{path}:ro" for path, folder in mounts.items()]
        options += [f"--volume={folder}:{path}" for path, folder in writable.items()]
        options += [f"--env={name}={value}" for name, value in environment.items()]
        return self.podman("run", *options, image, *command)

    def program(self, folder: Path) -> Path:
        """Write a program into `folder` that is podman on this engine's images; return it."""
        path = folder / "podman"
        settings = f"CONTAINERS_CONF={shlex.quote(self._podman.environment['CONTAINERS_CONF'])}"
        real = shlex.join([str(shutil.which("podman")), *self._podman.command[1:]])
        # A bridge needs iptables.
        build = 'if [ "$1" = build ]; then shift; set -- build --network=none "$@"; fi'
        path.write_text(f'#!/bin/sh\n{build}\n{settings} exec {real} "$@"\n')
        path.chmod(0o755)
        return path

    def podman(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run podman with `arguments`; return how it ended."""
        return self._podman.call(*arguments)

    def stop(self) -> None:
        """End the engine and remove all it kept."""
        self._service.terminate()
        self._service.wait(timeout=SECONDS_TO_START)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _import_image(self) -> None:
        archive = self.folder / "image.tar"
        with tarfile.open(archive, "w") as tar:
            for name in _FOLDERS:
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
                tar.addfile(folder)
        self._podman.run("import", "--quiet", archive, IMAGE)

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


def with_python(engine: Engine) -> str:
    """Return an image with this system's Python, a shell, and what they need; it is made once."""
    if engine.podman("image", "exists", PYTHON_IMAGE).returncode:
        archive = engine.folder / "python.tar"
        with tarfile.open(archive, "w") as tar:
            for path in sorted(_files_of_python()):
                tar.add(path, arcname=path.lstrip("/"), recursive=False)
            folder = tarfile.TarInfo("tmp")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(folder)
        done = engine.podman("import", "--quiet", str(archive), PYTHON_IMAGE)
        archive.unlink()
        if done.returncode:
            raise RuntimeError(f"podman cannot import an image: {done.stderr}")
    return PYTHON_IMAGE


def _files_of_python() -> set[str]:
    """Return the paths, links and what they lead to, of Python and a few programs of the system."""
    program = "import sysconfig; print(sysconfig.get_path('stdlib'))"
    python = [SYSTEM_PYTHON, "-I", "-c", program]
    library = Path(
        subprocess.run(python, capture_output=True, text=True, check=True).stdout.strip()
    )
    left_out = {"dist-packages", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data"}
    left_out |= {"test", "tkinter", "__pycache__"}
    modules = [p for p in library.rglob("*") if p.is_file() and not left_out & set(p.parts)]
    modules = [path for path in modules if not path.parent.name.startswith("config-")]
    programs = [Path(SYSTEM_PYTHON), *map(Path, ("/bin/sh", "/bin/mkdir", "/usr/bin/env"))]
    libraries = {
        Path(word)
        for path in [*programs, *(m for m in modules if m.suffix == ".so")]
        for word in _output("ldd", str(path)).split()
        if word.startswith("/")
    }
    found = {folder for folder in ("/bin", "/lib", "/lib64") if Path(folder).is_symlink()}
    for path in (*modules, *programs, *libraries):
        while True:  # python3 is a link to python3.11, and sh to dash
            path = Path(os.path.realpath(path.parent), path.name)
            found.add(str(path))
            if not path.is_symlink():
                break
            path = path.parent / os.readlink(path)
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
