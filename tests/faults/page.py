"""The table of `docs/faults.md`, from what the tests expect of each engine."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from faults.table import FAULTS, RETRY, SAYS, End, Fault
from headrace.compiler.registry import load_target
from marked_parts import between

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "faults.md"
ENGINES = ("argo", "kubeflow", "airflow")


def filled(text: str) -> str:
    """Return `text`, the page, with its generated part as it should be now."""
    return between(text, "faults", _table())


def _table() -> str:
    head = ["the fault", "the run", "`finally`", "`retries`", "the message"]
    rows = [_row(what, list(same)) for what, same in groupby(FAULTS, key=lambda each: each.what)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *rows))


def _row(what: str, same: list[Fault]) -> list[str]:
    """Return the row of the faults that are the `same`, with and without retries."""
    plain = next(fault for fault in same if "failed" in {end.state for end in fault.ends.values()})
    retried = [fault for fault in same if set(RETRY) <= set(fault.settings)]
    return [
        what,
        _said({engine: plain.ends[engine].state for engine in ENGINES}),
        _said({engine: _cleanup(plain.ends[engine]) for engine in ENGINES}),
        _said({engine: _again([fault.ends[engine] for fault in retried]) for engine in ENGINES}),
        _said({engine: _messages(plain.ends[engine]) for engine in ENGINES}),
    ]


def _said(texts: Mapping[str, str]) -> str:
    """Return what holds for all engines, or what holds for which."""
    if len(set(texts.values())) == 1:
        return texts[ENGINES[0]]
    engines = {text: [name for name in texts if texts[name] == text] for text in texts.values()}
    return "; ".join(f"{_titles(names)}: {text}" for text, names in engines.items())


def _titles(engines: list[str]) -> str:
    return " and ".join(load_target(engine).capabilities.title for engine in engines)


def _messages(end: End) -> str:
    return " or ".join(f"`{text.removeprefix(SAYS)}`" for text in end.messages)


def _cleanup(end: End) -> str:
    return "runs" if end.cleanup else "does not run"


def _again(ends: list[End]) -> str:
    if not ends:
        return ""
    (end,) = ends
    return "tried again" if end.state == "succeeded" or end.attempts > 1 else "not tried again"
