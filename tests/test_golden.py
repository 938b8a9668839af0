"""The examples compile to the bytes in `golden/`; a person accepts a change there by reading it."""

import sys
from pathlib import Path

import pytest

import example_runs
from golden_files import GOLDEN, GoldenFiles, may_update


@pytest.mark.parametrize("name", example_runs.NAMES)
def test_an_example_compiles_to_its_golden_files(
    name: str, golden: GoldenFiles, tmp_path: Path
) -> None:
    source = example_runs.FOLDER / f"{name}.py"
    example_runs.headrace(sys.executable, "compile", source, "--out", tmp_path)
    texts = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes().decode()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    texts["ir.txt"] = example_runs.headrace(sys.executable, "ir", source)
    golden.check(name, texts)


def test_every_example_and_nothing_else_has_golden_files() -> None:
    assert {path.stem for path in example_runs.FOLDER.glob("*.py")} == set(example_runs.NAMES)
    others = {".gitkeep", "moves"}  # what moves a step, in test_placement.py
    assert {path.name for path in GOLDEN.iterdir()} - others == set(example_runs.NAMES)


def test_a_difference_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "one" / "argo").mkdir(parents=True)
    file, stale = tmp_path / "one" / "argo" / "a.yaml", tmp_path / "one" / "stale.txt"
    file.write_text("a: 1\nb: 2\n")
    stale.write_text("old\n")
    golden = GoldenFiles(tmp_path)
    with pytest.raises(AssertionError) as failure:
        golden.check("one", {"argo/a.yaml": "a: 1\nb: 3\n", "new.txt": ""})
    assert "-b: 2\n+b: 3" in str(failure.value)
    assert "stale.txt: nothing makes it any more" in str(failure.value)
    assert "new.txt: is missing" in str(failure.value)
    assert (file.read_text(), stale.read_text()) == ("a: 1\nb: 2\n", "old\n")
    assert not (tmp_path / "one" / "new.txt").exists()
    golden.check("one", {"argo/a.yaml": "a: 1\nb: 2\n", "stale.txt": "old\n"})
    with pytest.raises(AssertionError, match="line ends differ"):
        golden.check("one", {"argo/a.yaml": "a: 1\r\nb: 2\r\n", "stale.txt": "old\n"})


def test_an_update_writes_all_and_fails_once(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "stale.txt").write_text("old\n")
    golden = GoldenFiles(tmp_path, update=True)
    wanted = {"argo/a.yaml": "a: 1\n", "ir.txt": "x\r\n"}
    with pytest.raises(AssertionError, match=r"rewrote golden/one: argo/a.yaml, ir.txt, stale.txt"):
        golden.check("one", wanted)
    golden.check("one", wanted)
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert files == {"a.yaml": b"a: 1\n", "ir.txt": b"x\r\n"}


def test_only_people_update() -> None:
    assert may_update(True, {})
    assert not may_update(True, {"CI": "true"})
    assert not may_update(False, {})
