"""A handler whose own step fails: its exception is the run's."""

RUNS = [{}, {"n": 1}]


def invert(n: int) -> float:
    return 1 / n


def fall_back(text: str) -> float:
    raise RuntimeError(f"no way out of: {text}")


def pipeline(n: int = 0):
    try:
        y = invert(n)
    except ZeroDivisionError as error:
        y = fall_back(str(error))
    return y
