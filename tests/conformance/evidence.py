"""What real engines made of the cases, as it is committed in `evidence/<engine>-<version>.json`.

An entry holds for the manifest that was run, byte for byte, and for the parameters of the run: one
that has changed since is stale, and proves nothing.
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from conformance import suite
from conformance.selection import agree
from conformance.suite import CASES, Case, Outcome, Run
from headrace.compiler.target import ManifestFile

FOLDER = Path(__file__).resolve().parent / "evidence"

LONGEST_RESULT = 2_000
"""Characters of a result's JSON; a longer one is kept as its digest."""

Entry: TypeAlias = dict[str, Any]
"""One run: `manifest`, `parameters` if it had any, `state`, `result` (or `result_digest`), `error`
if it failed, and `pods`, the number of pods that the engine made for it."""

Overhead: TypeAlias = dict[str, dict[str, float]]
"""What a step that does nothing takes, `seconds` and `pods`, in our manifest and in one that is
made by hand."""

State: TypeAlias = Literal["proven", "partly proven", "stale", "refused", "unproven"]


@dataclass(frozen=True)
class Found:
    """What an engine made of a run: the outcome, and with how many pods.

    The state of the outcome is the engine's own word where it is neither of Python's two.
    """

    outcome: Outcome
    pods: int


@dataclass
class Evidence:
    """What `engine`, in `version`, made of the cases; `cases` maps `entry_name` to the entry."""

    engine: str
    version: str
    cases: dict[str, Entry] = field(default_factory=dict)
    overhead: Overhead = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return FOLDER / f"{self.engine}-{self.version}.json"

    def write(self) -> None:
        """Write it, in the order of names, a line for each entry."""
        lines = [f"{json.dumps(name)}: {json.dumps(self.cases[name])}" for name in self._names()]
        head = json.dumps(
            {"engine": self.engine, "version": self.version, "overhead": self.overhead}
        )
        text = head.removesuffix("}") + ', "cases": {\n' + ",\n".join(lines) + "\n}}\n"
        FOLDER.mkdir(exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.rename(self.path)

    def _names(self) -> list[str]:
        """Return the names in the order of the cases, the runs of a case by their number."""
        return sorted(self.cases, key=lambda name: (name.split("-")[0], len(name), name))

    def current(self, case: Case, number: int) -> Entry | None:
        """Return the entry of a run, unless its manifest or its parameters have changed since."""
        entry = self.cases.get(entry_name(case, number))
        if entry is None or entry["manifest"] != _manifest(case.name, self.engine):
            return None
        return entry if entry.get("parameters", {}) == _plain(case.runs[number]) else None

    def add(self, case: Case, number: int, found: Found) -> None:
        """Keep what became of a run."""
        entry: Entry = {"manifest": _manifest(case.name, self.engine)}
        if case.runs[number]:
            entry["parameters"] = _plain(case.runs[number])
        entry["state"] = found.outcome.state
        text = json.dumps(found.outcome.result)
        if len(text) > LONGEST_RESULT:
            entry["result_digest"] = _sha256(text.encode())
        else:
            entry["result"] = found.outcome.result
        if found.outcome.error:
            entry["error"] = found.outcome.error
        self.cases[entry_name(case, number)] = entry | {"pods": found.pods}


def read(engine: str, version: str) -> Evidence:
    """Return the evidence that is kept for `engine` in `version`, of runs that there still are."""
    evidence = Evidence(engine, version)
    if not evidence.path.exists():
        return evidence
    evidence = Evidence(**json.loads(evidence.path.read_text(encoding="utf-8")))
    names = {
        entry_name(case, number) for case in CASES.values() for number in range(len(case.runs))
    }
    for name in evidence.cases.keys() - names:
        del evidence.cases[name]
    return evidence


@functools.cache
def kept() -> tuple[Evidence, ...]:
    """Return all evidence, the newest version of an engine first."""
    read_ones = (json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json"))
    every = [Evidence(**each) for each in read_ones]
    return tuple(sorted(every, key=lambda e: (e.engine, _version(e.version)), reverse=True))


def entry_name(case: Case, number: int) -> str:
    """Return the name of an entry: of the case, and for its later runs their number."""
    return f"{case.name}-{number}" if number else case.name


def digest(files: Iterable[ManifestFile]) -> str:
    """Return the digest of a manifest: of its files' bytes, one after another in name order."""
    return _sha256(b"".join(f.text.encode() for f in sorted(files, key=lambda f: f.name)))


def agrees(entry: Entry, wanted: Outcome) -> bool:
    """Whether what an engine made of a run is what CPython makes of it."""
    found = Outcome(entry["state"], entry.get("result"), entry.get("error", ""))
    if "result_digest" not in entry:
        return agree(found, wanted)
    same = entry["result_digest"] == _sha256(json.dumps(wanted.result).encode())
    return same and (found.state, found.error) == (wanted.state, wanted.error)


def is_outcome(entry: Entry) -> bool:
    """Whether the engine ended the run as Python could: else it proves only that it did not."""
    return bool(entry["state"] != "neither")


def state(case: Case, engine: str) -> tuple[State, str]:
    """Return what is known of `case` on `engine`, and the versions or the reason."""
    if engine in case.refused:
        return "refused", case.refused[engine]
    stale = ""
    for evidence in (each for each in kept() if each.engine == engine):
        entries = [evidence.current(case, number) for number in range(len(case.runs))]
        proven = sum(entry is not None and is_outcome(entry) for entry in entries)
        if proven == len(entries):
            return "proven", evidence.version
        if proven:
            return "partly proven", f"{evidence.version}: {proven} of {len(entries)} runs"
        if entries[0] is None and entry_name(case, 0) in evidence.cases:
            stale = stale or evidence.version
    return ("stale", stale) if stale else ("unproven", "")


@functools.cache
def _manifest(name: str, engine: str) -> str:
    return digest(suite.emitted(CASES[name], engine)[0])


def _plain(run: Run) -> Run:
    plain: Run = json.loads(json.dumps(run))
    return plain


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))
