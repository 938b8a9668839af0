"""What `headrace compile` and `headrace check` do with manifests, freshly compiled or kept."""

import sys
from pathlib import Path

from headrace.compiler.cli.cache import Kept
from headrace.compiler.cli.files import difference, write_all
from headrace.compiler.cli.request import Request

FINDINGS = 1
"""The exit code for what a user has to put right in a pipeline or its configuration."""


class Undelivered(Exception):
    """A file that cannot be written or read; the text says which, and why."""


def deliver(request: Request, kept: Kept) -> int:
    """Print the findings, then write or compare the files; return the exit code.

    Raises:
        Undelivered: a file cannot be written or read.
    """
    sys.stderr.write(kept.findings)
    sys.stderr.flush()
    files = {Path(request.out, *name.split("/")): text for name, text in kept.files.items()}
    verb = "write" if request.command == "compile" else "read"
    try:
        return _write(files) if request.command == "compile" else _compare(files)
    except BrokenPipeError:
        raise
    except OSError as error:
        where = error.filename or request.out
        raise Undelivered(f"cannot {verb} {where}: {error.strerror or error}") from None


def _write(files: dict[Path, str]) -> int:
    changed = write_all(files)
    for path in files:
        print(f"{'wrote' if path in changed else 'unchanged'} {path}")
    return 0


def _compare(files: dict[Path, str]) -> int:
    differences = [difference(path, text) for path, text in files.items()]
    sys.stdout.write("".join(differences))
    stale = sum(map(bool, differences))
    if stale:
        sys.stdout.flush()
        print(f"{stale} of {len(files)} manifests differ; run headrace compile", file=sys.stderr)
        return FINDINGS
    print(f"{len(files)} manifests are up to date")
    return 0
