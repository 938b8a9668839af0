"""Parameters that every run must give."""

RUNS = [{"n": 1, "names": ["a"]}, {"n": 0, "names": []}]


def repeat(name: str, n: int) -> str:
    return name * n


def pipeline(n: int, names: list[str], *, end: str = "."):
    return [repeat(name, n) + end for name in names]
