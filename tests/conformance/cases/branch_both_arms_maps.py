"""Maps in both arms, gathered under one name (semantics 11 in a branch)."""

RUNS = [{}, {"n": 0}, {"n": 1, "flag": False}, {"n": 0, "flag": False}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def double(x: int) -> int:
    return x * 2


def name(x: int) -> str:
    return f"n{x}"


def pipeline(n: int = 2, flag: bool = True):
    if flag:
        out = [double(x) for x in numbers(n)]
    else:
        out = [name(x) for x in range(n)]
    return out, len(out)
