"""The conformance table of `docs/conformance.md`, from the evidence that is kept."""

from collections import Counter
from pathlib import Path

from conformance import evidence
from conformance.evidence import State
from conformance.suite import CASES, Case
from headrace.compiler.registry import MANIFEST_TARGETS, load_target
from marked_parts import between

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "conformance.md"

STATES: tuple[State, ...] = ("proven", "partly proven", "stale", "refused", "unproven")


def filled(text: str) -> str:
    """Return `text`, the page, with its generated parts as they should be now."""
    for name, content in (("counts", _counts()), ("overhead", _overhead()), ("cases", _cases())):
        text = between(text, name, content)
    return text


def counts() -> dict[str, Counter[State]]:
    """Return for each engine how many cases are in which state."""
    return {
        engine: Counter(evidence.state(case, engine)[0] for case in CASES.values())
        for engine in MANIFEST_TARGETS
    }


def counts_in_words() -> list[str]:
    """Return a line for each engine that CI prints."""
    return [
        f"conformance on {engine}: "
        + ", ".join(f"{count[state]} {state}" for state in STATES)
        + f" of {len(CASES)} cases"
        for engine, count in counts().items()
    ]


def _counts() -> str:
    rows = [
        [_title(engine), *(str(count[state]) for state in STATES)]
        for engine, count in counts().items()
    ]
    return _table(["", *STATES], rows)


def _overhead() -> str:
    rows = [
        [f"{_title(each.engine)} {each.version}", way, f"{of['seconds']:.1f}", f"{of['pods']:g}"]
        for each in evidence.kept()
        for way, of in each.overhead.items()
    ]
    return _table(["", "manifest", "seconds for a step", "pods for a step"], rows)


def _cases() -> str:
    engines = list(MANIFEST_TARGETS)
    rows = [[_link(case), *(_cell(case, engine) for engine in engines)] for case in CASES.values()]
    return _table(["case", *map(_title, engines)], rows)


def _cell(case: Case, engine: str) -> str:
    state, of = evidence.state(case, engine)
    return f"{state} ({of})" if of else state


def _link(case: Case) -> str:
    place = case.path.relative_to(PAGE.parent.parent).as_posix()
    return f"[{case.name}](../{place})"


def _title(engine: str) -> str:
    return load_target(engine).capabilities.title


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
