"""Measures headrace beside other tools and bare interpreters, and writes the tables in README.md.

Run it with the interpreter of `.venvs/main`; kfp and Airflow are measured in environments of their
own. `--check` exits with 1 if an aim is missed.
"""

import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import environments
from benchmarks import growth, small
from benchmarks.rows import Measure, Row, table
from benchmarks.timing import AIRFLOW_PYTHON, INSTALLED, KFP_PYTHON

README = Path(__file__).resolve().parent / "README.md"
MEASURES: list[Measure] = [
    small.compile_rows,
    small.run_rows,
    small.shim_rows,
    growth.run_rows,
]


def install() -> None:
    """Install headrace, as it is now, into an environment of its own."""
    environments.install_uv()
    python = str(INSTALLED / "bin" / "python")
    for command in (
        ["venv", "--quiet", "--clear", "--python", sys.executable, str(INSTALLED)],
        ["pip", "install", "--quiet", "--refresh", "--python", python, str(environments.ROOT)],
    ):
        subprocess.run([str(environments.UV), *command], check=True)


def measured() -> list[Row]:
    """Return the rows of `MEASURES`; each is printed when it is known."""
    rows = []
    for measure in MEASURES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "work"
            folder.mkdir()
            rows += measure(folder)
        print(table(rows), flush=True)
    return rows


def machine() -> str:
    """Return what the tables were measured on, in words."""
    info = Path("/proc/cpuinfo")
    names = info.read_text().splitlines() if info.exists() else []
    name = next((n.partition(":")[2].strip() for n in names if n.startswith("model name")), "")
    tools = {"kfp": KFP_PYTHON, "apache-airflow": AIRFLOW_PYTHON}
    versions = [
        f"hera-workflows {version('hera-workflows')}",
        *(f"{t} {_version(t, p)}" for t, p in tools.items()),
    ]
    return (
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
        f"{f' of {name}' if name else ''}; headrace {version('headrace')}, {', '.join(versions)}.\n"
    )


def _version(package: str, python: str) -> str:
    program = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> int:
    """Measure, write the tables, and return the exit code."""
    install()
    rows = measured()
    grown = growth.measured()
    rows += growth.rows(grown)
    text = README.read_text()
    for name, made in (("table", f"{machine()}\n{table(rows)}"), ("growth", growth.table(grown))):
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = f"{before}{begin}\n{made}\n{end}{after}"
    README.write_text(text)
    missed = [row for row in rows if not row.is_met]
    return 1 if missed and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
