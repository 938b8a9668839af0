"""Texts that template engines, shells and YAML would read pass through everything unchanged."""

from pathlib import Path
from typing import Any

import pytest

import airflow_local
import example_runs
import kubeflow_local
from headrace.runtime import wire
from models.argo import processes

HAZARDS = [
    "",
    "{{=1+1}}",
    "{{ ds }}",
    "{{workflow.name}}",
    "{{$.inputs.parameters['text']}}",
    "{% raw %}{# x #}",
    "{{{}}}",
    "$(HOME)",
    "$$(HOME) $${HOME} `id`",
    "'single' \"double\" \\ back \\n",
    "'''\"\"\"",
    "two\r\nlines",
    "a line and its end\n",
    "\n",
    "  spaces around  ",
    "\t",
    "x.sh",
    "{{ ds }}.json",
    "=1",
    "*[1]",
    "@file",
    "--step=x",
    "null",
    "1.0",
    "1e400",
    "yes: no # not a comment",
    '{"!": "tuple", "of": [1]}',
    "emoji 🚰👩‍🔬, é, e\u0301, \u2028, \ufeff",
    "\x00\x07\x1b[0m\x7f\x85",
    "long " + "{{x}}" * 40,
]
TEXT = "".join(text for text in HAZARDS if "\x00" not in text)
"""All at once, as far as a command line can carry it."""

FEWER = ["", "x.sh", *("".join(HAZARDS[start::4]) for start in range(4))]
"""The same for an engine whose containers take their time."""

MODULE = """
TEXTS = [...]


def same(value: str) -> str:
    return value


def listed() -> list[str]:
    return TEXTS


def pair(first: str, second: str) -> tuple[str, str]:
    return first, second


def pipeline(text: str, texts: list[str]):
    result = same(text)
    constants = [same(each) for each in [...]]
    items = [same(each) for each in texts]
    made = [same(f"<{each}|{text}>") for each in listed()]
    left, right = pair(result, f"{{{{=1+1}}}} $(HOME) {result} {texts[1]}\\r\\n")
    if result == text:
        arm = same("{{ ds }}\\n")
    else:
        arm = "{{ never }}"
    return {
        "{{ key }}": [text, result, "$(HOME) 'constant'\\n"],
        "maps": [constants, items, made],
        "pair": (left, right),
        "arm": arm,
    }
"""


def write(folder: Path, texts: list[str] = HAZARDS) -> Path:
    file = folder / "texts.py"
    file.write_text(MODULE.replace("[...]", ascii(texts)), encoding="utf-8")
    return file


def parameters(text: str, texts: list[str] = HAZARDS) -> dict[str, object]:
    return {"text": text, "texts": texts}


def encoded(text: str, texts: list[str] = HAZARDS) -> dict[str, str]:
    """Return the parameters as headrace writes them for an engine that evaluates values."""
    return {name: wire.encode(value) for name, value in parameters(text, texts).items()}


def wanted(file: Path, text: str, texts: list[str] = HAZARDS) -> Any:
    expected = example_runs.python_result(file, parameters(text, texts), file.parent)
    formatted = [f"<{each}|{text}>" for each in texts]
    assert expected["maps"] == [texts, texts, formatted]
    assert expected["pair"] == [text, f"{{{{=1+1}}}} $(HOME) {text} {texts[1]}\r\n"]
    return expected


@pytest.mark.parametrize("text", [TEXT, "", "x.sh", "{{=1+1}}\n"], ids=ascii)
def test_a_local_run_leaves_texts_alone(text: str, tmp_path: Path) -> None:
    file = write(tmp_path)
    assert example_runs.local_result(file, parameters(text), tmp_path) == wanted(file, text)


def test_argo_leaves_texts_alone(tmp_path: Path) -> None:
    file = write(tmp_path)
    manifest = example_runs.manifest(file, "argo", tmp_path / "manifests")
    found = processes.run(manifest, encoded(TEXT), tmp_path)
    assert wire.plain(found) == wanted(file, TEXT)


@pytest.mark.kubeflow
def test_kubeflow_leaves_texts_alone(tmp_path: Path) -> None:
    file = write(tmp_path, FEWER)
    manifest = example_runs.manifest(file, "kubeflow", tmp_path / "manifests")
    outcome = kubeflow_local.run(manifest, encoded(TEXT, FEWER), tmp_path)
    assert wire.plain(outcome.result) == wanted(file, TEXT, FEWER)


@pytest.mark.airflow
def test_airflow_leaves_texts_alone(tmp_path: Path) -> None:
    file = write(tmp_path)
    texts = example_runs.json_texts(parameters(TEXT))
    outcome = airflow_local.run(
        example_runs.manifest(file, "airflow", tmp_path / "manifests"), texts, tmp_path
    )
    assert outcome.state == "success", outcome.log
    assert outcome.result is not None
    assert wire.plain(outcome.result) == wanted(file, TEXT)


@pytest.mark.parametrize("text", HAZARDS, ids=ascii)
def test_no_engine_finds_a_template_in_what_is_written(text: str) -> None:
    for value in (text, [text, [text]], {text: {text: text}}, (text, (text,))):
        written = wire.encode(value)
        assert wire.decode(written) == value
        assert written.isascii()
        assert not any(mark in written for mark in ("{{", "{%", "{#", "$(", "$$"))
