# /// script
# [tool.headrace]
# pipelines = ["prepare"]
# ///
"""A sub-pipeline in a map in a branch, with an early return of its own (semantics 54)."""

RUNS = [{}, {"xs": [1]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def name(x: int) -> str:
    return f"<{x}>"


def prepare(x: int, floor: int = 3):
    y = double(x)
    if y < floor:
        return None
    return name(y)


def pipeline(xs: list[int] = [1, 2, 3]):
    if len(xs) > 1:
        out = [prepare(x) for x in xs]
    else:
        out = [prepare(x, floor=0) for x in xs]
    return out
