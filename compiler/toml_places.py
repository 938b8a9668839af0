"""Where the keys and the values of a TOML text stand, which `tomllib` does not say."""

import re
import tomllib
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

TomlPath = tuple[str | int, ...]
"""A key's names from the top; a number is an index in an array."""

_BLANK = re.compile(r"[ \t\r\n]*(?:#[^\n]*[ \t\r\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"[^,\]}\n#]*[^,\]}\n# \t\r]")


@dataclass(frozen=True)
class Place:
    """A range of characters: lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class TomlPlaces:
    """The places in `text`, which `tomllib` has accepted and whose lines end in `\\n`."""

    def __init__(self, text: str) -> None:
        """Scan `text`."""
        self._text = text
        self._at = 0
        self._keys: dict[TomlPath, tuple[int, int]] = {}
        self._values: dict[TomlPath, tuple[int, int]] = {}
        self._tables: Counter[TomlPath] = Counter()
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._scan()

    def key(self, path: TomlPath) -> Place | None:
        """Return where the key `path` stands first, or nothing when it is not in the text."""
        return self._place(self._keys.get(path))

    def value(self, path: TomlPath) -> Place | None:
        """Return where the value of `path` stands; for a table, where its key stands."""
        return self._place(self._values.get(path) or self._keys.get(path))

    def _place(self, found: tuple[int, int] | None) -> Place | None:
        if found is None:
            return None
        (line, column), (end_line, end_column) = (self._line_and_column(at) for at in found)
        return Place(line, column, end_line, end_column)

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def _scan(self) -> None:
        prefix: TomlPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._take("[["):
                path = self._key_path(())
                prefix = (*path, self._tables[path])
                self._tables[path] += 1
                self._take("]]")
            elif self._take("["):
                prefix = self._key_path(())
                self._take("]")
            else:
                self._assignment(prefix)
            self._skip(_BLANK)

    def _assignment(self, prefix: TomlPath) -> None:
        path = self._key_path(prefix)
        self._take("=")
        self._skip(_BLANK)
        self._value(path)

    def _key_path(self, prefix: TomlPath) -> TomlPath:
        path = prefix
        while True:
            self._skip(_BLANK)
            start = self._at
            path = (*self._last_table(path), self._name())
            self._keys.setdefault(path, (start, self._at))
            self._skip(_BLANK)
            if not self._take("."):
                return path

    def _last_table(self, path: TomlPath) -> TomlPath:
        """Return `path`, pointed at its last element where it is an array of tables."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _name(self) -> str:
        string = _STRING.match(self._text, self._at)
        match = string or _BARE_KEY.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no TOML key at character {self._at}")
        self._at = match.end()
        return str(tomllib.loads(f"x = {match[0]}")["x"]) if string else match[0]

    def _value(self, path: TomlPath) -> None:
        start = self._at
        if self._take("["):
            self._elements(path)
        elif self._take("{"):
            while not self._close("}"):
                self._assignment(path)
        else:
            match = _STRING.match(self._text, self._at) or _BARE_VALUE.match(self._text, self._at)
            if match is None:
                raise ValueError(f"no TOML value at character {self._at}")
            self._at = match.end()
        self._values[path] = (start, self._at)

    def _elements(self, path: TomlPath) -> None:
        index = 0
        while not self._close("]"):
            self._value((*path, index))
            index += 1

    def _close(self, bracket: str) -> bool:
        self._skip(_BLANK)
        if self._take(","):
            self._skip(_BLANK)
        return self._take(bracket)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _take(self, text: str) -> bool:
        taken = self._text.startswith(text, self._at)
        self._at += len(text) if taken else 0
        return taken
