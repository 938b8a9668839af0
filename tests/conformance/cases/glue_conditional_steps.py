"""Only the chosen side of a conditional expression runs, nested ones too."""

RUNS = [{}, {"n": 5}, {"n": 1}]


def small(n: int) -> str:
    if n > 2:
        raise ValueError("not small")
    return f"small {n}"


def large(n: int) -> str:
    if n <= 2:
        raise ValueError("not large")
    return f"large {n}"


def pipeline(n: int = 2):
    return (large(n) if n > 4 else "middle") if n > 2 else small(n) if n != 1 else None
