"""A filter on what the first step of a turn gives."""

RUNS = [{}, {"xs": []}, {"xs": [1, 1]}]


def score(x: int) -> float:
    return x / 2


def ship(x: int, s: float) -> str:
    return f"{x}@{s}"


def pipeline(xs: list[int] = [1, 4, 6]):
    out = {}
    for x in xs:
        s = score(x)
        if s >= 2:
            out[x] = ship(x, s)
    return out, len(out)
