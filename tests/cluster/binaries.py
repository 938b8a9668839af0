"""Builds the programs of the cluster from Go modules, once for each version of them."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
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
    "coredns",
)
"""The programs of every cluster; `server` is etcd."""

MANIFESTS = "manifests.yaml"
"""What installs a controller, as its own kustomization says."""

_KUSTOMIZE = FOLDER / "kustomize"

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
    """Return the folder with the programs of every cluster.

    Raises:
        RuntimeError: a program cannot be built; the text has what Go wrote.
    """
    return _kept(
        "programs",
        MODULES,
        NAMES,
        "building etcd, Kubernetes and CoreDNS, which takes up to 7 minutes with two processors",
    )


def built_controller(name: str, source: str) -> Path:
    """Return the folder with the program of the controller `name`, and its `MANIFESTS`.

    `source` is the Go module that it is made from, in the version of the module `name` here.

    Raises:
        RuntimeError: it cannot be built; the text has what Go or kustomize wrote.
    """
    module = FOLDER / name
    told = f"building {name}, which takes a few minutes"
    return _kept(name, (module, _KUSTOMIZE), (name, MANIFESTS), told, installs=source)


def built_tool(name: str) -> Path:
    """Return the program called `name`, which the Go module `name` here has as its one tool.

    Raises:
        RuntimeError: it cannot be built; the text has what Go wrote.
    """
    told = f"building {name}, which takes about a minute"
    return _kept(name, (FOLDER / name,), (name,), told) / name


def _kept(
    name: str, modules: Sequence[Path], files: Sequence[str], told: str, installs: str = ""
) -> Path:
    """Return the folder kept as `name`; say what is `told` and fill it first unless it is there."""
    with locked(name):
        folder = cache() / f"{name}-{_digest(modules)}"
        if folder.is_dir():
            return folder
        print(told, flush=True)
        remove_old(f"{name}-*")
        with tempfile.TemporaryDirectory(dir=cache()) as temporary:
            made = Path(temporary) / name
            for module in modules:
                if module != _KUSTOMIZE:
                    _build(module, made)
            if installs:
                _write_manifests(modules[0], installs, made)
            assert sorted(os.listdir(made)) == sorted(files)
            made.rename(folder)
        return folder


def _write_manifests(module: Path, source: str, folder: Path) -> None:
    root = _go(module, "list", "-m", "-f", "{{.Dir}}", source).strip()
    made = _go(_KUSTOMIZE, "tool", "kustomize", "build", f"{root}/config/default")
    (folder / MANIFESTS).write_text(made)


def _build(module: Path, folder: Path) -> None:
    own = [f"./{path.parent.name}" for path in module.glob("*/main.go")]
    tools = ["tool"] if "\ntool " in (module / "go.mod").read_text() else []
    flags = ["-trimpath", "-buildvcs=false", f"-ldflags={_linker_flags()}"]
    _go(module, "install", *flags, *tools, *own, into=folder)


def _go(module: Path, *arguments: str, into: Path | None = None) -> str:
    done = subprocess.run(
        ["go", *arguments],
        cwd=module,
        env=os.environ | {"CGO_ENABLED": "0"} | ({"GOBIN": str(into)} if into else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"go {arguments[0]} in {module} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def _linker_flags() -> str:
    """Return what makes programs small and Kubernetes say its version, as a release does."""
    text = (FOLDER / "kubernetes" / "go.mod").read_text()
    version = re.findall(r"k8s\.io/kubernetes (v[0-9.]+)", text)[0]
    return f"-s -w -X k8s.io/component-base/version.gitVersion={version}"


def _digest(modules: Sequence[Path]) -> str:
    digest = hashlib.sha256(_linker_flags().encode())
    for module in modules:
        for path in sorted(p for p in module.rglob("*") if p.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
