"""NaN and both infinities pass from step to step, in lists too."""

import math

RUNS = [{}]


def odd() -> list[float]:
    return [math.nan, math.inf, -math.inf]


def kinds(values: list[float]) -> list[str]:
    return [repr(v) for v in values]


def is_nan(value: float) -> bool:
    return value != value


def pipeline():
    values = odd()
    return values, kinds(values), [is_nan(v) for v in values], values[1] > 1e308
