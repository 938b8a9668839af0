"""What a real engine makes of cases, compared with what CPython makes of them."""

from collections.abc import Collection

from conformance import suite
from conformance.engines.engine import Engine, run
from conformance.selection import agree
from conformance.suite import CASES

AT_ONCE = 8


def differing(
    engine: Engine, target: str, chosen: Collection[str], *, everything: bool
) -> dict[tuple[str, int], tuple[str, str]]:
    """Run the first run of each case in `chosen`, or with `everything` all runs of all cases.

    `target` is whose refusals count. Return both outcomes of each run that differs, by its case and
    its number.
    """
    cases = [c for c in CASES.values() if target not in c.refused]
    runs = [
        (case, number)
        for case in cases
        for number in range(len(case.runs) if everything else 1)
        if everything or case.name in chosen
    ]
    assert len(runs) >= len(chosen)
    found = {}
    for ended in run(engine, runs, AT_ONCE):
        wanted = suite.expected(ended.case, ended.case.runs[ended.number])
        if not agree(ended.found.outcome, wanted):
            found[ended.case.name, ended.number] = (ended.found.outcome.text, wanted.text)
    return found
