"""A map with branches inside a `try`: the first item in order that raises decides."""

RUNS = [{}, {"xs": [1, 5]}, {"xs": []}]


def small(x: int) -> int:
    return x


def large(x: int) -> int:
    raise OverflowError(f"{x} is large")


def pipeline(xs: list[int] = [1, 20, 30]):
    try:
        out = []
        for x in xs:
            if x > 10:
                y = large(x)
            else:
                y = small(x)
            out.append(y)
    except OverflowError as error:
        out = [str(error)]
    else:
        out = [*out, small(0)]
    return out
