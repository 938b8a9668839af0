"""What steps write: their logs, read in parts while they grow, however large they get."""

from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 16
"""How many bytes are read at a time; a longer line is shown in parts."""


class GrowingLog:
    """A log of which every line is given out once."""

    def __init__(self, path: Path) -> None:
        """Read the file at `path`, which need not be there yet."""
        self.path = path
        self._offset = 0
        self._rest = b""

    def next_lines(self) -> list[str]:
        """Return whole lines that were not given out yet, though perhaps not all of them."""
        lines = self._read()
        if len(self._rest) >= _CHUNK:
            lines.append(_shown(self._rest))
            self._rest = b""
        return lines

    def rest(self) -> Iterator[str]:
        """Yield all that was not given out yet; the step has ended."""
        while True:
            before = self._offset
            yield from self.next_lines()
            if self._offset == before:
                break
        if self._rest:
            yield _shown(self._rest)
            self._rest = b""

    def _read(self) -> list[str]:
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read(_CHUNK)
        except OSError:
            return []
        self._offset += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [_shown(line) for line in lines]


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of the file at `path`, at most `count` and 64 KiB of them."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _CHUNK))
            lines = file.read().removesuffix(b"\n").split(b"\n")
    except OSError:
        return []
    if size > _CHUNK:
        del lines[0]  # only the end of a line
    return [_shown(line) for line in lines[-count:]] if size else []


def _shown(line: bytes) -> str:
    """Return what a terminal would show of `line`: what follows the last return to its start."""
    return line.decode(errors="replace").rstrip("\r").rpartition("\r")[2]
