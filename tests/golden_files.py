"""Compares what is made with the files in `golden/`, or rewrites those."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "golden"
_LINES_SHOWN = 60


@dataclass
class GoldenFiles:
    """The golden files below `folder`; `update` says whether a difference is written down.

    Even then it is a failure, so that no run that wrote is taken for one that compared.
    """

    folder: Path = GOLDEN
    update: bool = False

    def check(self, name: str, texts: Mapping[str, str]) -> None:
        """Compare the files below `folder / name` with `texts`, by their relative paths.

        Raises:
            AssertionError: a file differs, is missing, or stands there and is not in `texts`.
        """
        folder = self.folder / name
        there = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        wanted = {path: text.encode() for path, text in texts.items()}
        wrong = sorted(
            path for path in there.keys() | wanted if there.get(path) != wanted.get(path)
        )
        if not wrong:
            return
        if self.update:
            self._write(folder, {path: wanted.get(path) for path in wrong})
            raise AssertionError(f"rewrote golden/{name}: {', '.join(wrong)}; run again to compare")
        shown = "\n".join(_difference(path, there.get(path), wanted.get(path)) for path in wrong)
        raise AssertionError(
            f"golden/{name} is not what is made now (`make golden` rewrites it):\n{shown}"
        )

    def _write(self, folder: Path, contents: Mapping[str, bytes | None]) -> None:
        for path, content in contents.items():
            if content is None:
                (folder / path).unlink()
                continue
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def may_update(asked: bool, environment: Mapping[str, str]) -> bool:
    """Return whether golden files may be written: never by CI, whose word is the last."""
    return asked and not environment.get("CI")


def _difference(path: str, there: bytes | None, wanted: bytes | None) -> str:
    if wanted is None:
        return f"{path}: nothing makes it any more"
    if there is None:
        return f"{path}: is missing"
    lines = difflib.unified_diff(
        there.decode(errors="replace").splitlines(),
        wanted.decode().splitlines(),
        f"golden {path}",
        f"made now {path}",
        lineterm="",
    )
    return "\n".join(list(lines)[:_LINES_SHOWN]) or f"{path}: line ends differ"
