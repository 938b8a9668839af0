"""Reading the TOML that configures a module: a script block, a project's file, an override."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import is_file, is_there, read_bytes
from headrace.compiler.source import SourceFile, Span
from headrace.compiler.toml_places import Place, TomlPath, TomlPlaces

Tree = dict[str, Any]
"""Nested tables, of values as TOML gives them or as the rules return them."""


@dataclass(frozen=True)
class Origin:
    """A TOML text inside a source file, and where in that file it stands."""

    source: SourceFile
    places: TomlPlaces
    prefix: TomlPath = ()
    first_line: int = 1
    indents: Sequence[int] = ()

    def key(self, path: TomlPath) -> Span | None:
        """Return where the key `path` stands, or nothing when it is not there."""
        return self.span(self.places.key((*self.prefix, *path)))

    def value(self, path: TomlPath) -> Span | None:
        """Return where the value of `path` stands, or nothing when it is not there."""
        return self.span(self.places.value((*self.prefix, *path)))

    def span(self, place: Place | None) -> Span | None:
        """Return `place`, a place in the TOML text, as one in the source file."""
        if place is None:
            return None
        return Span(
            path=self.source.shown_path,
            line=place.line + self.first_line - 1,
            column=place.column + self._indent(place.line),
            end_line=place.end_line + self.first_line - 1,
            end_column=place.end_column + self._indent(place.end_line),
        )

    def _indent(self, line: int) -> int:
        return self.indents[line - 1] if line <= len(self.indents) else 0


_BLOCK_START = re.compile(r"# /// script[ \t]*")


def read_script_block(source: SourceFile, sink: Sink) -> tuple[Origin, Tree] | None:
    """Return the PEP 723 block of `source`: https://peps.python.org/pep-0723/."""
    starts = [n for n, line in enumerate(source.lines, 1) if _BLOCK_START.fullmatch(line)]
    if not starts:
        return None
    ends: list[int] = []
    number = starts[0]
    while source.line(number).startswith("# ") or source.line(number) == "#":
        number += 1
        if source.line(number) == "# ///":
            ends.append(number)
    if not ends:
        span = Span(path=source.shown_path, line=starts[0])
        sink.report(
            "HR403", "this script block is not closed", span, hint='end it with a line "# ///"'
        )
        return None
    if len(starts) > 1 and starts[1] > ends[-1]:
        span = Span(path=source.shown_path, line=starts[1])
        sink.report("HR403", "a module has one script block only", span, hint="join the two")
        return None
    comments = source.lines[starts[0] : ends[-1] - 1]
    text = "\n".join(line[2:] for line in comments) + "\n"
    return _parse(
        source,
        text,
        sink,
        prefix=("tool", "headrace"),
        first_line=starts[0] + 1,
        indents=[2] * (len(comments) + 1),
    )


def read_project(
    module_folder: Path, sink: Sink, sources: dict[str, SourceFile]
) -> tuple[tuple[Origin, Tree] | None, Path, Tree]:
    """Return the project's configuration, its folder, and its `[project]` table if it has one.

    Every file that was read is put into `sources`.
    """
    nearest: Path | None = None
    project: Tree = {}
    for folder in (module_folder, *module_folder.parents):
        pyproject = _read_file(folder / "pyproject.toml", sink, sources, ("tool", "headrace"))
        if pyproject and nearest is None:
            nearest = folder
            project = table_or_empty(pyproject[1].get("project"))
        own = _read_file(folder / "headrace.toml", sink, sources, ())
        if own:
            return own, folder, project
        if pyproject and "headrace" in table_or_empty(pyproject[1].get("tool")):
            return (pyproject[0], tool_table(*pyproject, sink)), folder, project
    return None, nearest or module_folder, project


def read_policies(
    module_folder: Path,
    configured: Path,
    used: Origin | None,
    sink: Sink,
    sources: dict[str, SourceFile],
) -> Iterator[tuple[Origin, Tree]]:
    """Yield the policies of the files beside `used`, the configuration, which is in `configured`.

    They are those of all folders above the module, up to the root of its repository: a file that
    is nearer must not hide them. Outside of a repository no folder above `configured` counts.
    """
    folders = (module_folder, *module_folder.parents)
    root = next((folder for folder in folders if is_there(folder / ".git")), configured)
    for folder in folders:
        for name, prefix in (("headrace.toml", ()), ("pyproject.toml", ("tool", "headrace"))):
            if used is None or used.source.path != folder / name:
                found = _read_file(folder / name, sink, sources, prefix)
                tree = tool_table(*found, sink) if found else {}
                if found and "policy" in tree:
                    yield found[0], {"policy": tree["policy"]}
        if folder == root:
            return


def _read_file(
    path: Path, sink: Sink, sources: dict[str, SourceFile], prefix: TomlPath
) -> tuple[Origin, Tree] | None:
    if not is_file(path):
        if is_there(path):  # it is not opened: a pipe would be waited for
            hint = f"make {path} a file, or move it away"
            sink.report("HR403", f"cannot read {path.name}: it is no regular file", None, hint=hint)
        return None
    try:
        text = read_bytes(path).decode().replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        hint = f"make {path} readable, as UTF-8, or move it away"
        sink.report("HR403", f"cannot read {path.name}: {error}", None, hint=hint)
        return None
    source = sources.setdefault(path.name, SourceFile(path, path.name, text))
    if source.path != path:  # a second pyproject.toml, further up
        source = sources[str(path)] = SourceFile(path, str(path), text)
    return _parse(source, "\n".join(source.lines), sink, prefix=prefix)


def _parse(
    source: SourceFile,
    text: str,
    sink: Sink,
    *,
    prefix: TomlPath = (),
    first_line: int = 1,
    indents: Sequence[int] = (),
) -> tuple[Origin, Tree] | None:
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line, column = _toml_error(str(error), text)
        indent = indents[0] if indents else 0
        span = Span(path=source.shown_path, line=line + first_line - 1, column=column + indent)
        hint = "correct it here or just before: https://toml.io has the grammar"
        sink.report("HR403", f"this is not TOML: {message}", span, hint=hint)
        return None
    except RecursionError:
        message = f"{source.shown_path} is nested too deeply"
        sink.report("HR403", message, None, hint="no setting needs more than five levels")
        return None
    return Origin(source, TomlPlaces(text), prefix, first_line, indents), tree


def _toml_error(message: str, text: str) -> tuple[str, int, int]:
    """Return what `tomllib` says without the place, and the place."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if found:
        return _uncapitalised(message[: found.start()]), int(found[1]), int(found[2])
    at_end = message.removesuffix(" (at end of document)")
    return _uncapitalised(at_end), max(1, text.rstrip("\n").count("\n") + 1), 1


def _uncapitalised(message: str) -> str:
    return message[:1].lower() + message[1:]


def parse_override(key: str, value: str) -> tuple[str, Tree] | None:
    """Return the assignment as TOML text and tree; a value that is not TOML counts as a text."""
    escaped = "".join(
        c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value
    )
    for written in (f"{key}={value}", f'{key}="{escaped}"'):
        try:
            tree = tomllib.loads(written)
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        if "\n" not in written:
            return written, tree
    return None


def tool_table(origin: Origin, tree: Tree, sink: Sink) -> Tree:
    """Return the `[tool.headrace]` of `tree`, empty if there is none; HR402 if it is no table."""
    found: object = tree
    for depth, name in enumerate(origin.prefix, 1):
        found = table_or_empty(found).get(str(name), {})
        if not isinstance(found, dict):
            dotted = ".".join(map(str, origin.prefix[:depth]))
            span = origin.span(origin.places.key(origin.prefix[:depth]))
            hint = "write it as [tool.headrace] with its keys below"
            sink.report("HR402", f"`{dotted}` must be a table", span, hint=hint)
    return table_or_empty(found)


def script_metadata(origin: Origin, tree: Tree, sink: Sink) -> tuple[str | None, tuple[str, ...]]:
    """Return `requires-python` and `dependencies` of a PEP 723 block; HR402 for a wrong type."""
    required, needed = tree.get("requires-python"), tree.get("dependencies", [])
    if required is not None and not isinstance(required, str):
        hint = 'write it as ">=3.11", or ">=3.11,<3.14"'
        _report_top(origin, "requires-python", "a text", hint, sink)
    texts = tuple(t for t in needed if isinstance(t, str)) if isinstance(needed, list) else None
    if texts is None or len(texts) < len(needed):
        _report_top(origin, "dependencies", "a list of texts", 'write it as ["numpy>=2"]', sink)
    return text_or_none(required), texts or ()


def _report_top(origin: Origin, key: str, wanted: str, hint: str, sink: Sink) -> None:
    span = origin.span(origin.places.key((key,)))
    sink.report("HR402", f"`{key}` must be {wanted}", span, hint=hint)


def table_or_empty(value: object) -> Tree:
    """Return `value` if it is a table."""
    return value if isinstance(value, dict) else {}


def text_or_none(value: object) -> str | None:
    """Return `value` if it is a text."""
    return value if isinstance(value, str) else None
