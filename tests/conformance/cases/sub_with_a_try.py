# /// script
# [tool.headrace]
# pipelines = ["sub", "returning", "mapped"]
# ///
"""A sub-pipeline handles its own exceptions, under the caller's handlers and without any."""

RUNS = [{}, {"x": 1}, {"x": 2}, {"x": 3, "xs": [1, 2]}]


def check(x: int) -> int:
    if x == 1:
        raise ValueError("one")
    if x == 2:
        raise KeyError("two")
    return x


def sub(x: int):
    """Handle one exception, and not the other."""
    doubled = x * 2
    try:
        y = check(x)
    except ValueError:
        y = -1
    return y + doubled


def returning(x: int):
    try:
        return check(x)
    except KeyError as error:
        return str(error)


def mapped(xs: list[int]):
    return [returning(x) for x in xs if x != 1]


def pipeline(x: int = 0, xs: list[int] = [0, 2]):
    try:
        r = sub(x)
    except (ValueError, KeyError) as error:
        r = f"outer {error}"
    return r, sub(1), sub(5), mapped(xs), returning(2)
