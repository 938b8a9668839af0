"""The table of `docs/faults.md`, from what the tests expect of each engine."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from faults.table import FAULTS, RETRY, SAYS, End, Fault
from headrace.compiler.registry import load_target
from marked_parts import between

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "faults.md"
ENGINES = ("argo", "airflow")


def filled(text: str) -> str:
    """Return `text`, the page, with its generated part as it should be now."""
    return between(text, "faults", _table())


def _table() -> str:
    head = ["the fault", "the run", "`finally`", "`retries`", "the message"]
    rows = [_row(what, list(same)) for what, same in groupby(FAULTS, key=lambda each: each.what)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *rows))


def _row(what: str, same: list[Fault]) -> list[str]:
    """Return the row of the faults that are the `same`, with and without retries."""
    failing = next(fault for fault in same if _of_all(fault.ends).state == "failed")
    end = _of_all(failing.ends)
    retried = [_of_all(fault.ends) for fault in same if set(RETRY) <= set(fault.settings)]
    return [
        what,
        end.state,
        "runs" if end.cleanup else "does not run",
        _with_retries(retried),
        _said({engine: _messages(failing.ends[engine]) for engine in ENGINES}),
    ]


def _said(messages: dict[str, str]) -> str:
    """Return what all engines say, or what each does."""
    if len(set(messages.values())) == 1:
        return messages[ENGINES[0]]
    told = ((load_target(engine).capabilities.title, text) for engine, text in messages.items())
    return "; ".join(f"{title}: {text}" for title, text in told)


def _messages(end: End) -> str:
    return " or ".join(f"`{text.removeprefix(SAYS)}`" for text in end.messages)


def _of_all(ends: Mapping[str, End]) -> End:
    """Return the end, which is the same on all engines but for what it says."""
    first, *others = (replace(end, messages=()) for end in ends.values())
    assert all(each == first for each in others)
    return first


def _with_retries(ends: list[End]) -> str:
    if not ends:
        return ""
    return "not tried again" if ends[0].attempts == 1 else "tried again"
