"""Builds the programs of the cluster from Go modules, once for each version of them."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.machine import FOLDER, MODULES

NAMES = (
    "server",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "pause",
)
"""The programs; `server` is etcd."""

KEPT = 3
"""How many versions of what is built are kept."""


def cache() -> Path:
    """Return the folder of the user in which what takes long to make is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "headrace-test-cluster"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time make what is called `name` in the cache."""
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove_old(pattern: str) -> None:
    """Remove all but the newest few that match `pattern`: checkouts have versions of their own."""
    there = sorted(cache().glob(pattern), key=lambda path: path.stat().st_mtime)
    for path in there[: -KEPT + 1]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def built() -> Path:
    """Return the folder with the programs, which are built first unless they are there.

    Raises:
        RuntimeError: a program cannot be built; the text has what Go wrote.
    """
    with locked("programs"):
        folder = cache() / f"programs-{_digest()}"
        if folder.is_dir():
            return folder
        print(
            "building etcd and Kubernetes, which takes up to 6 minutes with two processors",
            flush=True,
        )
        remove_old("programs-*")
        with tempfile.TemporaryDirectory(dir=cache()) as name:
            made = Path(name) / "programs"
            for module in MODULES:
                _build(module, made)
            assert sorted(os.listdir(made)) == sorted(NAMES)
            made.rename(folder)
        return folder


def _build(module: Path, folder: Path) -> None:
    packages = ["tool", *(f"./{path.parent.name}" for path in module.glob("*/main.go"))]
    done = subprocess.run(
        ["go", "install", "-trimpath", "-buildvcs=false", f"-ldflags={_linker_flags()}", *packages],
        cwd=module,
        env=os.environ | {"CGO_ENABLED": "0", "GOBIN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"go install in {module} failed:\n{done.stderr[-3000:]}")


def _linker_flags() -> str:
    """Return what makes programs small and Kubernetes say its version, as a release does."""
    text = (FOLDER / "kubernetes" / "go.mod").read_text()
    version = re.findall(r"k8s\.io/kubernetes (v[0-9.]+)", text)[0]
    return f"-s -w -X k8s.io/component-base/version.gitVersion={version}"


def _digest() -> str:
    digest = hashlib.sha256(_linker_flags().encode())
    for module in MODULES:
        for path in sorted(p for p in module.rglob("*") if p.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
