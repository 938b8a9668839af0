# /// script
# [tool.headrace]
# pipelines = ["inner", "twice"]
# ///
"""Sub-pipeline in a branch."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def inner(x: int, scale: int = 2):
    y = double(x)
    if y > 4:
        return add(y, scale)
    return y * scale


def twice(x: int):
    x = inner(x)
    return inner(x)


def pipeline(n: int = 2, flag: bool = True):
    if flag:
        y = inner(n)
    else:
        y = twice(n)
    return y
