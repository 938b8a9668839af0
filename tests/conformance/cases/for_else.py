"""For else."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        out.append(double(x))
    else:
        out = total(out)
    return out
