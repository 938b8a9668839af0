"""Source files and places in them."""

import codecs
import io
import tokenize
from functools import cached_property
from pathlib import Path

from headrace.compiler.frozen_struct import FrozenStruct

COMMAND_LINE = "--set"
"""The path of a span in what `--set` says: no file, but each option as a line of one."""


class Span(FrozenStruct):
    """A range of characters in a source file, for messages and for manifests.

    `path` is relative to the import root of the project and uses `/`, so that it is the same on
    every machine. Lines and columns count from 1; columns count characters; the end is exclusive.
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        """Return `path:line`, the form that manifests carry."""
        return f"{self.path}:{self.line}"


class SourceFile:
    """The text of one file, by the path that messages show for it.

    Where `is_decoded` is false, the text is not what the file holds: it is for messages only.
    """

    def __init__(self, path: Path, shown_path: str, text: str, *, is_decoded: bool = True) -> None:
        """Keep `text`, which was read from `path`."""
        self.path = path
        self.shown_path = shown_path
        self.text = text
        self.is_decoded = is_decoded

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends, split as Python's tokenizer splits them."""
        return _newlines(self.text).split("\n")

    def line(self, number: int) -> str:
        """Return line `number`, counted from 1, or nothing when there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


class Undecodable(ValueError):
    """Bytes that are no Python source; the text says why.

    `shown` is what messages can show of all: nothing where there are bytes of zero, which are no
    text in any encoding of a source. `before` is the part of it before the first wrong byte.
    """

    def __init__(self, message: str, data: bytes, encoding: str = "utf-8", at: int = 0) -> None:
        """Say `message` of `data`, which is not in `encoding` from the byte `at` on."""
        super().__init__(message)
        self.shown, self.before = (
            "" if b"\0" in data else _newlines(part.decode(encoding, "replace").lstrip("\ufeff"))
            for part in (data, data[:at])
        )


def decoded(data: bytes) -> str:
    """Return the text of a Python source, as PEP 263 has it, its lines ended by ``\\n``.

    Raises:
        Undecodable: Python cannot decode it.
    """
    try:
        return _newlines(data.decode(_encoding(data)))
    except UnicodeDecodeError as error:
        # The codec that reads a mark at the start counts from behind it.
        at = error.start + (len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0)
        message = f"not {error.encoding.upper()} text at byte {at}: {error.reason}"
        raise Undecodable(message, data, error.encoding, at) from None
    except SyntaxError as error:
        raise Undecodable(error.msg, data) from None
    except (LookupError, ValueError) as error:
        raise Undecodable(str(error), data) from None


def _encoding(data: bytes) -> str:
    """Return the encoding that `data` declares.

    Raises:
        SyntaxError: it declares one that there is not, or that it cannot be in.
        UnicodeDecodeError: it declares none, and does not begin as UTF-8 does.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        # `tokenize` says the same of bytes that are not UTF-8 as of a wrong declaration.
        b"\n".join(data.split(b"\n", 2)[:2]).decode("utf-8-sig")
        raise
    declaration = b"coding"
    if declaration.decode(encoding, "replace") != declaration.decode():
        raise SyntaxError(f"no source can be in {encoding}, where its declaration reads otherwise")
    return encoding


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
