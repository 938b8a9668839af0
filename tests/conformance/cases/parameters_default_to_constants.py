"""Defaults of a pipeline's parameters that name constants of the module."""

RUNS = [{}, {"rate": 2.0}]

RATE = 0.5
COUNT = 2 * 3
NAMES = ("a", "b")


def load(n: int, rate: float) -> float:
    return n * rate


def pipeline(rate: float = RATE, count: int = COUNT, names: tuple[str, ...] = NAMES):
    return [load(count, rate) for _ in names], names, COUNT
