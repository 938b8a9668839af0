"""`docs/operations.md` says what is so: settings are compiled, excerpts are in manifests."""

import re
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from headrace.compiler import driver
from headrace.compiler.registry import MANIFEST_TARGETS
from markers import marked

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
TEXT = PAGE.read_text(encoding="utf-8")
MODULE = TEXT.partition("<!-- module -->\n```python\n")[2].partition("```")[0]
EXAMPLES: dict[str, str] = dict(
    re.findall(r"<!-- example: (\w+) -->\n```toml\n(.*?)```\n", TEXT, re.DOTALL)
)
EXCERPTS: list[tuple[str, str, str]] = re.findall(
    r"<!-- shows: (\w+) (\w+) -->\n```\w+\n(.*?)```\n", TEXT, re.DOTALL
)


def emitted(name: str, target: str, folder: Path) -> tuple[driver.Compilation, str]:
    (folder / "headrace.toml").write_text(EXAMPLES[name])
    (folder / "digits.py").write_text(MODULE)
    compilation = driver.compile_source(folder / "digits.py")
    files = driver.emit(compilation, [target])
    return compilation, "".join(file.text for file in files.get(target, ()))


def test_every_block_is_tried() -> None:
    assert len(EXAMPLES) == TEXT.count("```toml\n")
    assert len(EXCERPTS) == TEXT.count("<!-- shows:")
    assert len(EXCERPTS) + 1 == TEXT.count("```yaml\n") + TEXT.count("```python\n")


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_page_says(name: str, target: str, tmp_path: Path) -> None:
    compilation, text = emitted(name, target, tmp_path)
    found = Counter(
        (d.span.line if d.span else 0, d.severity.value, d.code) for d in compilation.diagnostics
    )
    refusing = dict(re.findall(r"^# (\w+) refuses: (HR\d{3})$", EXAMPLES[name], re.MULTILINE))
    wanted = marked(EXAMPLES[name])
    if wanted:  # a target may have more against it
        assert {key: found[key] for key in found if key[2] == "HR440"} == wanted
    else:
        refused = {refusing[target]} if target in refusing else set()
        assert {code for _, _, code in found} == refused
    assert bool(text) == (not found)


@pytest.mark.parametrize(("name", "target", "excerpt"), EXCERPTS)
def test_an_excerpt_is_in_the_manifest(
    name: str, target: str, excerpt: str, tmp_path: Path
) -> None:
    _, text = emitted(name, target, tmp_path)
    lines = [line.strip() for line in text.splitlines()]
    wanted = [line.strip() for line in textwrap.dedent(excerpt).splitlines()]
    places = [i for i, line in enumerate(lines) if line == wanted[0]]
    assert any(lines[i : i + len(wanted)] == wanted for i in places)
