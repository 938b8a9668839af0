# /// script
# [tool.headrace]
# pipelines = ["failing"]
# ///
"""Try a sub-pipeline."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def failing(x: int):
    assert x > 100, "too small"
    return x


def pipeline(n: int = 2):
    try:
        y = failing(n)
    except AssertionError as e:
        y = str(e)
    return y
