# /// script
# [tool.headrace]
# pipelines = ["failing"]
# ///
"""Sub-pipeline that fails."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def failing(x: int):
    assert x > 100, "too small"
    return x


def pipeline(n: int = 2):
    return failing(n)
