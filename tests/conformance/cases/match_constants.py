"""`match` on constants and or-patterns."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline(n: int = 2):
    match n:
        case 0:
            y = "none"
        case 1 | 2:
            y = show(text="few")
        case _:
            y = show(text="many")
    return y
