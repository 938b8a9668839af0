def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1]):
    squares = (x * x for x in xs)  # error: HR302
    loads = (load(x) for x in xs)  # error: HR302
    return sum(squares), sum(loads)
