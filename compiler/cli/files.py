"""Writing files all at once, and comparing them with what they should be."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path


def write_all(files: Mapping[Path, str]) -> set[Path]:
    """Write every text of `files` to its path, or none; return the paths that changed.

    Raises:
        OSError: a file cannot be written; all is as it was before.
    """
    changed = {path: text.encode() for path, text in files.items() if _differs(path, text)}
    made: list[Path] = []
    before: dict[Path, bytes | None] = {}
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in changed}
    try:
        for path, content in changed.items():
            made += _make_folder(path.parent)
            if path.is_dir():
                raise IsADirectoryError(None, "a folder stands there", str(path))
            temporary[path].write_bytes(content)
        for path in changed:
            before[path] = path.read_bytes() if path.exists() else None
            temporary[path].replace(path)
    except OSError as error:
        _restore(before, made, temporary)
        own = {str(each): path for path, each in temporary.items()}
        if error.filename in own:
            raise OSError(error.errno, error.strerror, str(own[error.filename])) from None
        raise
    except BaseException:
        _restore(before, made, temporary)
        raise
    return set(changed)


def _restore(
    before: Mapping[Path, bytes | None], made: list[Path], temporary: Mapping[Path, Path]
) -> None:
    for path, content in before.items():
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True) if content is None else path.write_bytes(content)
    for path in temporary.values():
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    for folder in reversed(made):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _make_folder(folder: Path) -> list[Path]:
    """Make `folder` and what is above it; return what was not there, the outermost first."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()][::-1]
    for each in missing:
        each.mkdir()
    return missing


def _differs(path: Path, text: str) -> bool:
    return not path.is_file() or path.read_bytes() != text.encode()


def difference(path: Path, text: str) -> str:
    """Return the unified diff from the file at `path` to `text`; empty when they are the same.

    Raises:
        OSError: there is a file that cannot be read.
    """
    there = path.read_bytes() if path.exists() else b""
    if there == text.encode():
        return ""
    old = there.decode(errors="replace")
    shown = unified(old, text, f"{path} (on disk)", f"{path} (from the source)")
    return shown or f"{path} differs in bytes that are not text\n"


def unified(old: str, new: str, old_label: str, new_label: str) -> str:
    """Return the unified diff from `old` to `new`; empty when they are the same."""
    if old == new:
        return ""
    import difflib  # takes longer to import than all of this takes when nothing differs

    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), old_label, new_label
    )
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end\n" for line in lines)
    return "".join(ended)
