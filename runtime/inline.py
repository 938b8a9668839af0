"""Starts a step from sources that were mounted, in an image that has Python and nothing else.

A ConfigMap holds no folders, so a module's file is called by its dotted name there, as in
`corpus.words.py`. Run as `python3 /headrace/step/headrace-step`, this file puts the modules beside
it (the shim) and those in `../code` (the pipeline's own) where Python finds them as they stand in a
project, and hands over to `headrace-step`.
"""

from __future__ import annotations

import contextlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

_FOLDER = "headrace-step"
"""Where modules and the working folder are made, in the folder of temporary files."""


def main() -> int:
    """Put the modules where Python finds them, run the step, and return its exit code."""
    step = os.path.dirname(os.path.abspath(__file__))
    code = os.path.join(os.path.dirname(step), "code")
    try:
        folder = _new_folder(os.environ.get("TMPDIR") or "/tmp")
        modules, work = os.path.join(folder, "code"), os.path.join(folder, "work")
        for source in (step, code):
            unfold(source, modules)
        os.mkdir(work)
        os.chdir(work)
    except OSError as error:
        _end(f"cannot unfold the mounted code: {error}; the pod needs a writable /tmp, or TMPDIR")
    if sys.path[:1] == [step]:
        del sys.path[0]
    sys.path.insert(0, modules)
    # For programs that the step starts.
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (modules, inherited)))
    from headrace.runtime.step import main as run_step

    return run_step()


def unfold(source: str, folder: str) -> None:
    """Copy the modules in `source`, files called by dotted names, below `folder`, as a project.

    Raises:
        OSError: a file cannot be read or written.
    """
    for name in sorted(os.listdir(source)):
        if not name.endswith(".py"):
            continue
        path = os.path.join(folder, *path_of(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.path.join(source, name), "rb") as file, open(path, "wb") as copy:
            copy.write(file.read())


def key_of(path: str) -> str:
    """Return what a module's file at `path`, relative and with `/`, is called in a ConfigMap.

    A key takes ASCII letters, digits, `-`, `_` and `.`; other letters of a Python name stand as
    their hexadecimal number between dashes, which no Python name holds.
    """
    dotted = path.replace("/", ".")
    return "".join(c if c.isascii() else f"-{ord(c):x}-" for c in dotted)


def path_of(key: str) -> list[str]:
    """Return the parts of the path that `key_of` made `key` of."""
    stem = "".join(_letters(key[: -len(".py")]))
    *folders, last = stem.split(".")
    return [*folders, f"{last}.py"]


def _letters(text: str) -> Iterator[str]:
    for number, part in enumerate(text.split("-")):
        yield chr(int(part, 16)) if number % 2 else part


def _new_folder(parent: str) -> str:
    """Return a new folder; its name is the same in every container, for messages that show it."""
    folder = os.path.join(parent, _FOLDER)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        import tempfile

        folder = tempfile.mkdtemp(prefix=f"{_FOLDER}-", dir=parent)
    return folder


def _end(text: str) -> NoReturn:
    """Tell people and the engine `text`, and end with the code of a wrong manifest."""
    print(f"headrace-step: {text}", file=sys.stderr, flush=True)
    log = os.environ.get("HEADRACE_TERMINATION_LOG", "/dev/termination-log")
    if os.path.exists(log):
        with contextlib.suppress(OSError), open(log, "w") as file:
            file.write(text)
    sys.exit(64)


if __name__ == "__main__":
    sys.exit(main())
