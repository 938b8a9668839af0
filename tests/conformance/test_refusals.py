"""Each wrong module in `refusals/` is refused where its comments say, and nowhere else.

A line that must be refused ends in ``# error: HR201`` or ``# warning: HR105``, with each code as
often as it must be reported on that line.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from headrace.compiler.cli import main
from headrace.compiler.codes import CODES
from headrace.compiler.diagnostics import Severity
from markers import marked

FOLDER = Path(__file__).parent / "refusals"
MODULES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_exactly_the_marked_places_are_refused(
    module: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = module.read_text(encoding="utf-8")
    wanted = marked(source)
    (tmp_path / module.name).write_text(source, encoding="utf-8")
    (tmp_path / "headrace.toml").write_text('image = "ghcr.io/acme/refused"\n')
    monkeypatch.chdir(tmp_path)
    there = set(tmp_path.rglob("*"))
    exit_code = main(["compile", module.name, "--output-format", "json"])
    found = json.loads(capsys.readouterr().err)
    assert Counter((d["line"], d["severity"], d["code"]) for d in found) == wanted
    for diagnostic in found:
        _check_shape(diagnostic, source.splitlines())
    is_refused = any(severity == "error" for _, severity, _ in wanted)
    assert exit_code == (1 if is_refused else 0)
    assert (set(tmp_path.rglob("*")) == there) == is_refused


def _check_shape(diagnostic: dict[str, object], lines: list[str]) -> None:
    """Check the place of `diagnostic`, and that it reads as one that a user can act upon."""
    line, column, end_line, end = (
        diagnostic[key] for key in ("line", "column", "end_line", "end_column")
    )
    assert isinstance(line, int)
    assert isinstance(column, int)
    assert isinstance(end_line, int)
    assert isinstance(end, int)
    assert 1 <= column <= len(lines[line - 1]) + 1
    assert 1 <= end <= len(lines[end_line - 1]) + 2
    assert (line, column) < (end_line, end) or diagnostic["code"] == "HR103"
    message = str(diagnostic["message"])
    assert diagnostic["hint"] or diagnostic["code"] == "HR101", "Python's own message has no hint"
    texts = " ".join(str(diagnostic[key]) for key in ("message", "hint", "label"))
    assert not re.search(r"`[a-z]+ \d+`|match subject|AST|\bNone\b.*NoneType", texts)
    assert message[0] in "`'(" or message[0] == message[0].lower()
    assert not message.endswith(".")


def test_every_code_of_the_language_is_covered() -> None:
    covered = Counter(
        code
        for module in MODULES
        for _, _, code in set(marked(module.read_text(encoding="utf-8")).elements())
    )
    language = [c for c, code in CODES.items() if c < "HR4" and code.severity is Severity.ERROR]
    language.remove("HR107")  # it is about the names of files, which tests of its own choose
    assert [code for code in language if covered[code] < 2] == []
