# /// script
# [tool.headrace]
# pipelines = ["careful", "twice"]
# ///
"""Sub-pipelines that raise, inside `try`, and one within another."""

RUNS = [{}, {"n": 0}, {"n": 1}, {"n": -3}]


def invert(n: int) -> float:
    return 1 / n


def careful(n: int):
    assert n >= 0, f"{n} is negative"
    return invert(n)


def twice(n: int):
    return [careful(n), careful(n - 1)]


def pipeline(n: int = 3):
    try:
        y = twice(n)
    except AssertionError as error:
        y = str(error)
    except ZeroDivisionError:
        y = "zero"
    return y
