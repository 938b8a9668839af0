"""What runs cases on a real engine has to do, and how many runs are made at once."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from conformance.evidence import Found, Overhead
from conformance.suite import Case

SECONDS_BETWEEN_LOOKS = 1.0


class NotThere(Exception):
    """There is no such engine here; the text says what is missing."""


@dataclass(frozen=True)
class Ended:
    """The run `number` of `case` has ended after `seconds`, or was ended because it is too late."""

    case: Case
    number: int
    found: Found
    seconds: float
    late: bool = False


class Engine(Protocol):
    """An engine that answers."""

    name: str
    version: str

    def prepare(self, cases: Iterable[Case]) -> None:
        """Give the engine the manifests of `cases`, and wait until it knows them."""

    def start(self, case: Case, number: int) -> None:
        """Start the run `number` of `case`, which it was prepared for."""

    def ended(self) -> Iterator[Ended]:
        """Give the runs that have ended since, also those that took too long."""

    def overhead(self) -> Overhead:
        """Measure what a step that does nothing takes."""


def run(engine: Engine, wanted: Iterable[tuple[Case, int]], at_once: int) -> Iterator[Ended]:
    """Run all of `wanted`, cases and numbers of runs, at most `at_once` at a time."""
    waiting, running = list(wanted)[::-1], 0
    engine.prepare({case.name: case for case, _ in waiting}.values())
    while waiting or running:
        while waiting and running < at_once:
            engine.start(*waiting.pop())
            running += 1
        for ended in engine.ended():
            running -= 1
            yield ended
        time.sleep(SECONDS_BETWEEN_LOOKS)
