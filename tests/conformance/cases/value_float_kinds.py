"""A float stays a float and an int an int (semantics 37: engines turn whole numbers to doubles)."""

RUNS = [{}, {"x": 5, "y": 5.0}]


def show(value: float) -> str:
    return repr(value)


def same(value: float) -> float:
    return value


def pipeline(x: float = 3.0, y: float = 3):
    return [show(v) for v in [x, y, 1.0, 1]], same(x), same(y), [same(v) for v in [2.0, 2, -0.0]]
