def load(x: int) -> int:
    return x


def apply(function) -> int:
    return 1


def pipeline():
    return apply(load)  # error: HR201
