"""A loop over a step's result that stands before the `try` raises within it, if it is no list."""

RUNS = [{}, {"x": 3}]


def load(x: int) -> list[int] | None:
    return None if x == 0 else [x]


def untyped(x):
    return None if x == 0 else [x]


def same(x: int) -> int:
    return x


def pipeline(x: int = 0):
    xs = load(x)
    others = untyped(x)
    try:
        ys = [same(v) for v in xs]
    except TypeError:
        ys = ["none"]
    zs = []
    try:
        for other in others:
            zs.append(same(other))
    except TypeError:
        zs = None
    try:
        n = 0
        if len(xs) > 0:
            n = same(1)
    except TypeError:
        n = -1
    return ys, zs, n
