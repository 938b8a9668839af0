"""Entries written to a dict made just above, some in a branch."""

RUNS = [{}, {"flag": False}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(flag: bool = True, n: int = 1):
    out = {}
    out["a"] = add(n)
    if flag:
        out["b"] = add(n, 2)
    out["a"] = add(out["a"])
    return out
