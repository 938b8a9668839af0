"""A condition over several steps, a map and a parameter."""

RUNS = [{}, {"n": 5}, {"n": 0}]


def add(a: int, b: int) -> int:
    return a + b


def limits(n: int) -> dict[str, int]:
    return {"low": 1, "high": n * 3}


def pipeline(n: int = 2):
    lim = limits(n)
    parts = [add(x, n) for x in range(n)]
    if lim["low"] < sum(parts) <= lim["high"] and add(n, n) != 10 or not parts:
        y = add(len(parts), 0)
    else:
        y = "out"
    return y
