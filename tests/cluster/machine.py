"""What a machine must have to run the cluster, and whether this one has it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import environments

FOLDER = Path(__file__).resolve().parent
MODULES = (FOLDER / "etcd", FOLDER / "kubernetes", FOLDER / "dns")
"""The Go modules whose tools and commands are the programs of every cluster."""

PACKAGES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "podman": "podman",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "openssl": "openssl",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
"""Debian's package of each program."""

_CGROUPS = Path("/sys/fs/cgroup")
_CONTROLLERS = ("cpu", "memory", "pids")


class CannotRun(Exception):
    """This machine lacks what a cluster needs; the text says what."""


def prepare() -> None:
    """See that a cluster can run, and install the Debian packages that are missing.

    Raises:
        CannotRun: none can.
        RuntimeError: Debian's packages cannot be had.
    """
    if os.geteuid() != 0:
        raise CannotRun("only root may start a kubelet")
    _check_go()
    _check_cgroups()
    _check_allowed("unshare", "--mount", "true")
    try:
        environments.install_system_packages(sorted(set(PACKAGES.values())))
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{' '.join(map(str, error.cmd))} failed") from error
    absent = sorted({package for name, package in PACKAGES.items() if not shutil.which(name)})
    if absent:
        raise CannotRun(f"what Debian's packages {', '.join(absent)} hold is not here")
    _check_allowed("iptables", "--table=nat", "--list-rules")


def check_no_node() -> None:
    """See that this machine is no node of some other cluster, whose rules ours would touch.

    Raises:
        CannotRun: it is one.
    """
    rules = ["iptables", "--table=nat", "--list-rules"]
    there = subprocess.run(rules, capture_output=True, text=True, check=True).stdout
    if "KUBE-SERVICES" in there:
        raise CannotRun("this machine is a node of another cluster: it has kube-proxy's rules")


def _check_allowed(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"{' '.join(command)}: {done.stderr.strip()}")


def _check_go() -> None:
    if not shutil.which("go"):
        raise CannotRun("Go is not here (https://go.dev/dl)")
    for module in MODULES:
        done = subprocess.run(
            ["go", "list", "-m"], cwd=module, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotRun(done.stderr.strip())


def _check_cgroups() -> None:
    """See that groups can be made below those of this process's root.

    With version 2 the root must have handed the controllers down, as systemd does.
    """
    handed_down = _CGROUPS / "cgroup.subtree_control"
    if handed_down.exists():
        there = handed_down.read_text().split()
        places = {name: _CGROUPS for name in _CONTROLLERS if name in there}
    else:
        places = {name: _CGROUPS / name for name in _CONTROLLERS if (_CGROUPS / name).is_dir()}
    absent = [name for name in _CONTROLLERS if name not in places]
    if absent:
        raise CannotRun(f"no cgroups for {', '.join(absent)} in {_CGROUPS}")
    for place in places.values():
        try:
            os.rmdir(tempfile.mkdtemp(prefix="headrace-", dir=place))
        except OSError as error:
            raise CannotRun(f"no cgroup can be made: {error}") from error
