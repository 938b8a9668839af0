"""The README says what is so."""

import json
import re
from pathlib import Path

import pytest

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


def test_the_settings_in_the_readme_compile(tmp_path: Path) -> None:
    toml = README.read_text().partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "headrace.toml").write_text(toml)
    (tmp_path / "digits.py").write_text(
        "def train() -> int:\n    return 1\n\n\ndef pipeline():\n    return train()\n"
    )
    profiles = re.findall(r"\[profiles\.(\w+)", toml)
    assert len(profiles) == 3
    for profile in profiles:
        wrote = headrace("compile", "digits.py", "--profile", profile, folder=tmp_path)
        assert "argo/" in wrote
        assert "kubeflow" not in wrote


def test_the_example_with_files_runs(tmp_path: Path) -> None:
    section = README.read_text().partition("\n## Files\n")[2].partition("\n## ")[0]
    (tmp_path / "table.py").write_text(example(section))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.csv").write_text("A\nB\n")
    count, table = json.loads(headrace("run", "table.py", folder=tmp_path))
    place = Path(table["path"]).relative_to(tmp_path)
    assert (count, place.parts[:2], place.parts[3:]) == (
        2,
        (".headrace", "runs"),
        ("result", "1", "clean.csv"),
    )


def test_the_error_in_the_readme_is_what_is_printed(tmp_path: Path) -> None:
    console = README.read_text().partition("$ headrace compile digits.py\n")[2].partition("```")[0]
    (shown,) = re.findall(r"^31 \| (.*)$", console, flags=re.MULTILINE)
    above = ["def evaluate(model: float) -> float:", "    return model", "", ""]
    above += ["#"] * (27 - len(above)) + [
        "def pipeline(models: list[float]):",
        "    a = 1",
        "    b = a",
    ]
    (tmp_path / "digits.py").write_text("\n".join([*above, shown, "    return scores, b\n"]))
    with pytest.raises(RuntimeError) as error:
        headrace("compile", "digits.py", folder=tmp_path)
    assert str(error.value) == console


def test_links_lead_somewhere() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
