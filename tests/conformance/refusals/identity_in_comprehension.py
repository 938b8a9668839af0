def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1]):
    return [load(x) for x in xs if x is xs[0]]  # error: HR303
