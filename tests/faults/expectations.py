"""Compares how runs ended with what the table says."""

from collections.abc import Iterable
from dataclasses import replace

from faults.play import Seen
from faults.table import Fault


def differences(engine: str, faults: Iterable[Fault], seen: dict[str, Seen]) -> dict[str, str]:
    """Return for each of `faults` whose run did not end as expected on `engine` how it ended."""
    differing = {}
    for fault in faults:
        wanted, found = fault.ends[engine], seen[fault.name]
        same = (
            replace(found.end, messages=wanted.messages) == wanted
            and wanted.says(found.run.message)
            and found.followed == (wanted.state == "succeeded")
        )
        if not same:
            differing[fault.name] = f"{found.end}, followed: {found.followed}; {found.run.steps}"
    return differing
