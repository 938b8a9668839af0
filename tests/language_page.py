"""The examples of `docs/language.md`, what it says of them, and its pictures."""

import ast
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.compiler import driver
from headrace.compiler.graph import mermaid
from headrace.compiler.print_ir import print_pipeline

PAGE = Path(__file__).resolve().parent.parent / "docs" / "language.md"
SETTINGS = 'image = "ghcr.io/acme/language"\nstore = "file:///mnt/store"\n'

_EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```python\n(.*?)```\n", re.DOTALL)
_RUN = re.compile(r"^# (pipeline\(.*\)) (?:== (.*)|raises (\w+): (.*))$", re.MULTILINE)
_TARGET_REFUSES = re.compile(r"^# (\w+) refuses: (HR\d{3})$", re.MULTILINE)
_PICTURE = re.compile(r"(<!-- begin (graph|ir) (\w+) -->\n).*?(<!-- end \2 \3 -->\n)", re.DOTALL)
_ROW = re.compile(r"^\| `(.*?)` +\| (HR\d{3})", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """A call of the example's pipeline, and what the page says it gives.

    `call` and `value` are Python source; `exception` is the name of a class, `message` its text.
    """

    call: str
    value: str
    exception: str
    message: str

    @property
    def arguments(self) -> tuple[list[object], dict[str, object]]:
        """The arguments of the call, by position and by name."""
        call = ast.parse(self.call, mode="eval").body
        assert isinstance(call, ast.Call)
        named = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg}
        return [ast.literal_eval(argument) for argument in call.args], named


@dataclass(frozen=True)
class Example:
    """One module of the page; `refusing` are the targets that refuse it, with their codes."""

    name: str
    source: str
    runs: tuple[Run, ...]
    refusing: dict[str, str]

    def compiled(self, folder: Path) -> driver.Compilation:
        """Write the module into `folder`, and compile it."""
        (folder / "headrace.toml").write_text(SETTINGS)
        (folder / f"{self.name}.py").write_text(self.source)
        return driver.compile_source(folder / f"{self.name}.py")


def examples(text: str) -> list[Example]:
    """Return the examples of the page `text`."""
    return [
        Example(
            name,
            source,
            tuple(Run(*found) for found in _RUN.findall(source)),
            dict(_TARGET_REFUSES.findall(source)),
        )
        for name, source in _EXAMPLE.findall(text)
    ]


def refused(text: str) -> list[tuple[str, str]]:
    """Return the rows of the table of what is refused: a statement, and its code."""
    return _ROW.findall(text.partition("<!-- begin refused -->")[2])


def filled(text: str) -> str:
    """Return the page `text` with its pictures as they should be now."""
    by_name = {example.name: example for example in examples(text)}

    def picture(match: re.Match[str]) -> str:
        begin, kind, name, end = match.groups()
        return f"{begin}\n{_picture(by_name[name], kind)}\n{end}"

    return _PICTURE.sub(picture, text)


def _picture(example: Example, kind: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        pipeline = example.compiled(Path(folder)).pipeline
    assert pipeline is not None
    if kind == "graph":
        return f"```mermaid\n{mermaid(pipeline)}```\n"
    _, _, printed = print_pipeline(pipeline).rpartition("\n  function ")
    lines = (line.removeprefix("  ").partition("   # ")[0] for line in printed.splitlines()[1:])
    shown = (line for line in lines if not line.lstrip().startswith("image: "))
    return "```text\n" + "\n".join(shown) + "\n```\n"
