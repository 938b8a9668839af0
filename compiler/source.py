"""Source files and places in them."""

from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

COMMAND_LINE = "--set"
"""The path of a span in what `--set` says: no file, but each option as a line of one."""


class Span(BaseModel):
    """A range of characters in a source file, for messages and for manifests.

    `path` is relative to the import root of the project and uses `/`, so that it is the same on
    every machine. Lines and columns count from 1; columns count characters; the end is exclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        """Return `path:line`, the form that manifests carry."""
        return f"{self.path}:{self.line}"


class SourceFile:
    """The text of one file, by the path that messages show for it."""

    def __init__(self, path: Path, shown_path: str, text: str) -> None:
        """Keep `text`, which was read from `path`."""
        self.path = path
        self.shown_path = shown_path
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends, split as Python's tokenizer splits them."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def line(self, number: int) -> str:
        """Return line `number`, counted from 1, or nothing when there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""
