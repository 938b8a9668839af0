def load(x: int) -> int:
    return x


def pipeline():
    ys = [load(x) for x in [1, 2]]
    return ys, x  # error: HR201
