"""How many random pipelines there are, and a line about what became of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SHARDS = 10
RUNS = "random_runs"
"""The property of a test that counts runs on engines."""
ENGINES = ("argo", "kubeflow", "local", "airflow")
USUAL = 1_000


@dataclass(frozen=True)
class Amount:
    """How many pipelines to make, and the number that decides which."""

    pipelines: int
    seed: int

    @property
    def of_shard(self) -> int:
        """How many each of the `SHARDS` makes."""
        return max(1, self.pipelines // SHARDS)


def report(recorded: Sequence[Sequence[dict[str, Any]]]) -> str:
    """Return a line about what all shards recorded: their counts, and their refusals by code."""
    counts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    for of_shard, refused in recorded:
        counts.update(of_shard)
        refusals.update(refused)
    share = 100 * counts["refused"] / max(1, counts["pipelines"])
    by_code = ", ".join(f"{code} {n}" for code, n in refusals.most_common())
    return (
        f"{counts['pipelines']} random pipelines: {share:.0f} % refused ({by_code}); "
        f"{counts['runs']} runs of the others are as in CPython, {counts['local runs']} of them "
        f"also as local runs, {counts['flattened']} pipelines without maps inside maps too; "
        f"{counts['failed']} fail, and of {counts['errors']} comparisons of "
        f"failures {counts['other errors']} tell another exception; manifests: "
        + ", ".join(f"{n} {name.split()[0]}" for name, n in counts.items() if "manifest" in name)
    )


def report_runs(recorded: Sequence[dict[str, int]]) -> str:
    """Return a line about what all tests recorded of runs with failures."""
    counts: Counter[str] = Counter()
    for each in recorded:
        counts.update(each)
    on = ", ".join(f"{counts[engine]} on {engine}" for engine in ENGINES if counts[engine])
    return (
        f"{counts['pipelines']} random pipelines with failures, {counts['refused']} of them "
        f"refused: runs as in CPython: {on}; {counts['failed']} of the runs fail"
    )
