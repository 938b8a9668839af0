"""What a step takes in our manifest, beside a manifest of the same work made by hand."""

from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from conformance.evidence import Overhead
from conformance.suite import CASES

CASE = CASES["ten_steps_in_a_row"]
STEPS = 10
TURNS = 3


class Took(NamedTuple):
    """What a run of all steps took."""

    seconds: float
    pods: int


def measured(ours: Callable[[], Took], by_hand: Callable[[], Took]) -> Overhead:
    """Return the seconds (medians) and pods that a step takes in runs made by turns."""
    ways = {"headrace": ours, "by hand": by_hand}
    took: dict[str, list[Took]] = {way: [] for way in ways}
    for _ in range(TURNS):
        for way, run in ways.items():
            took[way].append(run())
    return {
        way: {
            "seconds": round(median(run.seconds for run in runs) / STEPS, 2),
            "pods": runs[0].pods / STEPS,
        }
        for way, runs in took.items()
    }
