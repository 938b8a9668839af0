"""Match on a step."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    match add(n):
        case 3:
            return "three"
        case m if m > 5:
            return m
    return "other"
