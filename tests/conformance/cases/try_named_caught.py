"""Variables named as words of ours, in branches after steps that may raise."""

RUNS = [{}, {"n": 0}, {"n": 9}]


def invert(n: int) -> float:
    return 1 / n


def pipeline(n: int = 2):
    caught, result, it = "c", "r", "i"
    try:
        value = invert(n)
        if value > 0.3:
            caught = value
        else:
            result = value
            caught = invert(n)
    except ZeroDivisionError as condition:
        it = str(condition)
    return caught, result, it
