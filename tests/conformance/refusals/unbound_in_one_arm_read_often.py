def load(x: int) -> int:
    return x


def pipeline(fast: bool = True):
    if fast:
        size = load(1)
    first = load(size)  # error: HR202
    second = load(size)
    return first, second, size
