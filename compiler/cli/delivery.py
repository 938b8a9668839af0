"""What `headrace compile` and `headrace check` do with manifests, freshly compiled or kept."""

import sys
from pathlib import Path
from typing import TextIO

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
    return (
        _write(request, kept, files)
        if request.command == "compile"
        else _compare(request, kept, files)
    )


def _write(request: Request, kept: Kept, files: dict[Path, str]) -> int:
    try:
        changed = write_all(files)
    except OSError as error:
        raise _undelivered("write", request, error) from None
    for path in files:
        print(f"{'wrote' if path in changed else 'unchanged'} {path}")
    # stderr holds nothing but the findings where a machine reads them.
    _show_stale(request, kept, sys.stderr if request.output_format == "text" else sys.stdout)
    return 0


def _compare(request: Request, kept: Kept, files: dict[Path, str]) -> int:
    try:
        differences = [difference(path, text) for path, text in files.items()]
    except OSError as error:
        raise _undelivered("read", request, error) from None
    sys.stdout.write("".join(differences))
    stale = _show_stale(request, kept, sys.stdout)
    different = sum(map(bool, differences))
    if different:
        print(f"{different} of {len(files)} manifests differ; run headrace compile")
    if different or stale:
        return FINDINGS
    print(f"{len(files)} manifests are up to date")
    return 0


def _undelivered(verb: str, request: Request, error: OSError) -> Undelivered:
    return Undelivered(f"cannot {verb} {error.filename or request.out}: {error.strerror or error}")


def _show_stale(request: Request, kept: Kept, stream: TextIO) -> bool:
    """Show the files that another state of the source made, and that could still be deployed."""
    out = Path(request.out)
    places = (
        (path, f"{target}/{path.name}")
        for target, names in kept.possible.items()
        if (out / target).is_dir()
        for name in names
        for path in sorted((out / target).glob(name))
    )
    stale = [path for path, name in dict.fromkeys(places) if name not in kept.files]
    for path in stale:
        print(
            f"stale {path}: the source no longer gives it; delete it, there and where it is "
            "deployed",
            file=stream,
        )
    return bool(stale)
