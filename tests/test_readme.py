"""The README says what is so."""

import re
import tomllib
from pathlib import Path

from headrace.compiler.configuration import load
from headrace.compiler.diagnostics import Sink
from headrace.compiler.source import SourceFile
from readme import README, example, filled, headrace

ROOT = README.parent


def test_the_generated_parts_are_up_to_date() -> None:
    text = README.read_text()
    assert filled(text) == text, "make readme rewrites them"


def test_the_first_example_gives_what_the_readme_shows(tmp_path: Path) -> None:
    text = README.read_text()
    (tmp_path / "shout.py").write_text(example(text))
    console = text.partition("```console\n")[2].partition("```")[0]
    [(command, output)] = re.findall(r"\$ headrace (run .*)\n(.*)\n", console)
    arguments = command.replace('"', "").split(" ", 3)
    assert headrace(*arguments, folder=tmp_path) == f"{output}\n"
    written = re.findall(r"^wrote (\S+)$", console, flags=re.MULTILINE)
    headrace("compile", "shout.py", folder=tmp_path)
    assert {str(p.relative_to(tmp_path)) for p in (tmp_path / "manifests").rglob("*.*")} == set(
        written
    )


def test_the_settings_in_the_readme_are_accepted(tmp_path: Path) -> None:
    toml = README.read_text().partition("```toml\n")[2].partition("```")[0]
    assert tomllib.loads(toml)
    (tmp_path / "headrace.toml").write_text(toml)
    module = tmp_path / "digits.py"
    module.write_text("")
    sink = Sink()
    load(module, SourceFile(module, "digits.py", ""), "small", (), sink)
    assert list(sink) == []


def test_links_lead_somewhere() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
