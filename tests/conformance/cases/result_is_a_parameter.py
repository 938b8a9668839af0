"""The result is a parameter or a constant as it came, beside a step."""

RUNS = [{}, {"x": {"b": [1.0, 2], "a": None}}]


def double(n: int) -> int:
    return n * 2


def pipeline(x: dict[str, object] = {}):
    double(1)
    return x
