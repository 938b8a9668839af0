"""Widths of maps that the pipeline itself tells, checked before anything is written."""

from pathlib import Path

import pytest

from headrace.compiler import driver
from headrace.compiler.registry import MANIFEST_TARGETS

STEP = "def step(x):\n    return x\n\n\ndef numbers() -> list[int]:\n    return [1]\n\n\n"


def refused(folder: Path, text: str) -> dict[str, list[str]]:
    """Return what each target says of a map that is too wide."""
    (folder / "wide.py").write_text(STEP + text)
    found = {}
    for target in MANIFEST_TARGETS:
        compilation = driver.compile_source(folder / "wide.py", settings=("image=a/b:1",))
        driver.emit(compilation, [target])
        assert {d.code for d in compilation.diagnostics} <= {"HR512"}
        found[target] = [d.message for d in compilation.diagnostics]
    return {target: messages for target, messages in found.items() if messages}


@pytest.mark.parametrize(
    ("body", "width"),
    [
        ("(n: int = 1):\n    return [step(x) for x in range(1025)]\n", "1,025"),
        ("(n: int = 1):\n    return [step(x) for x in range(20_000, 0, -2)]\n", "10,000"),
        ("(n: int = 1):\n    return [step(x) for x in list(range(12_000))]\n", "12,000"),
        (f"(xs: list[int] = {[1] * 1500}):\n    return [step(x) for x in xs]\n", "1,500"),
    ],
)
def test_a_map_is_too_wide_for_airflow(tmp_path: Path, body: str, width: str) -> None:
    found = refused(tmp_path, f"def pipeline{body}")
    (message,) = found.pop("airflow")
    assert message == f"a map over {width} items is too wide for Apache Airflow: at most 1,024"
    assert found == {}


def test_a_list_is_too_long_for_every_engine(tmp_path: Path) -> None:
    text = "def pipeline():\n    return [step(x) for x in range(10**9)]\n"
    found = refused(tmp_path, text)
    assert found.keys() == set(MANIFEST_TARGETS)
    for messages in found.values():
        assert all("a map over 1,000,000,000 items is too wide" in m for m in messages)
    assert "the list of them has more than 100,000 bytes" in found["argo"][0]


@pytest.mark.parametrize(
    "body",
    [
        "(n: int = 1):\n    return [step(x) for x in range(1024)]\n",
        "(n: int = 5000):\n    return [step(x) for x in range(n)]\n",
        "(xs: list[int]):\n    return [step(x) for x in xs]\n",
        "(xs: dict[int, int] = {1: 2}):\n    return [step(x) for x in xs]\n",
        "(n: int = 1):\n    return [step(x) for x in numbers()]\n",
    ],
)
def test_what_is_not_known_to_be_too_wide(tmp_path: Path, body: str) -> None:
    assert refused(tmp_path, f"def pipeline{body}") == {}
