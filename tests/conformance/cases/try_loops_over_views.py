"""Loops over items, zip and enumerate in a try."""


def add(x: int, y: int) -> int:
    return x + y


def pipeline(xs: list[int] = [1, 2]):
    out = []
    try:
        for key, value in {"a": 1, "bb": 2}.items():
            out.append(add(len(key), value))
        pairs = [add(x, y) for x, y in zip(xs, xs)]
        total = add(len(out), len(pairs))
    except KeyError:
        return None
    return pairs, total


RUNS = [{}, {"xs": []}]
