"""Makes the virtual environments in `.venvs`: python3 tests/environments.py NAME...

It needs nothing but Python 3.11: uv, which fills an environment in seconds, comes from PyPI. What
is up to date is left alone. The SDKs that do not fit together have an environment each.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venvs"
UV = FOLDER / "uv" / "bin" / "uv"
STAMP = "headrace-environment"
SYSTEM_PYTHON = "/usr/bin/python3"

AIRFLOW = ["apache-airflow>=3.3", "apache-airflow-providers-cncf-kubernetes>=10"]

REQUIREMENTS = {
    "demo": ["--editable", ".", "scikit-learn>=1.4"],
    "main": ["--editable", ".[argo,airflow]", "--group", "test", "--group", "lint"],
    "kubeflow": [
        "--editable",
        ".[kubeflow]",
        "kfp-kubernetes>=2.17",
        "docker>=7",
        "--group",
        "test",
    ],
    "airflow": [
        "--editable",
        ".[airflow]",
        *AIRFLOW,
        "psycopg2-binary",
        "asyncpg",
        "--group",
        "test",
    ],
    "torch": ["--editable", ".", "--group", "test"],
}
SYSTEM_PACKAGES = {"kubeflow": ["podman", "runc"], "torch": ["python3-torch"]}
"""Debian packages that an environment's tests use where they can be had."""


def main(names: list[str]) -> int:
    """Make the environments called `names`; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 (whatever python3 is on the machine starts this)
        print(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    unknown = set(names) - set(REQUIREMENTS)
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(REQUIREMENTS)}")
        return 2
    install_system_packages([package for n in names for package in SYSTEM_PACKAGES.get(n, [])])
    for name in names:
        make(name)
    return 0


def make(name: str) -> None:
    """Make the environment called `name`, unless it was made from the same requirements."""
    folder = FOLDER / name
    python, options, requirements = sys.executable, [], REQUIREMENTS[name]
    if name == "torch":
        if _has_torch(SYSTEM_PYTHON):
            # Debian's torch was built against numpy 1.
            python, options = SYSTEM_PYTHON, ["--system-site-packages"]
            requirements = [*requirements, "numpy<2"]
        else:
            requirements = [*requirements, "torch"]
    text = "\n".join([python, *requirements, (ROOT / "pyproject.toml").read_text()])
    digest = hashlib.sha256(text.encode()).hexdigest()
    stamp = folder / STAMP
    if stamp.is_file() and stamp.read_text() == digest:
        return
    install_uv()
    print(f"making .venvs/{name}", flush=True)
    if not (folder / "bin" / "python").exists():
        _run(UV, "venv", "--quiet", "--clear", "--python", python, *options, folder)
    _run(UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *requirements)
    stamp.write_text(digest)


def install_uv() -> None:
    """Put uv into an environment of its own, unless it is there."""
    if not UV.exists():
        _run(sys.executable, "-m", "venv", FOLDER / "uv")
        _run(FOLDER / "uv" / "bin" / "python", "-m", "pip", "install", "--quiet", "uv")


def install_system_packages(packages: list[str]) -> None:
    """Install the Debian `packages` that are missing, where that is possible."""
    missing = [package for package in packages if not _is_installed(package)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"installing {', '.join(missing)} with apt-get", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "-qq", "--no-install-recommends", *missing]
    quiet = subprocess.DEVNULL
    if subprocess.run(install, env=environment, stdout=quiet, check=False).returncode:
        _run("apt-get", "update", "-qq")
        subprocess.run(install, env=environment, stdout=quiet, check=True)


def _is_installed(package: str) -> bool:
    if not shutil.which("dpkg-query"):
        return True
    query = ["dpkg-query", "--show", "--showformat=${Status}", package]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return answer.stdout == "install ok installed"


def _has_torch(python: str) -> bool:
    program = "import sys, importlib.util as u; "
    program += "sys.exit(sys.version_info < (3, 11) or u.find_spec('torch') is None)"
    if not os.access(python, os.X_OK):
        return False
    return subprocess.run([python, "-I", "-c", program], check=False).returncode == 0


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed with exit code {error.returncode}", file=sys.stderr)
        sys.exit(1)
