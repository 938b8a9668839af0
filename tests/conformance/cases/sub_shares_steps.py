# /// script
# [tool.headrace]
# pipelines = ["first", "second"]
# ///
"""Two sub-pipelines that call the same step, under the same names."""


def add(a: int, b: int) -> int:
    return a + b


def first(n: int, by: int = 1):
    x = add(n, by)
    y = add(x, by)
    return y


def second(n: int):
    x = add(n, 10)
    return first(x, by=x)


def pipeline(n: int = 1):
    x = first(n)
    y = second(x)
    return x, y, add(x, y)
