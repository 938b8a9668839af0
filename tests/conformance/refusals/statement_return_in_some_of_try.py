def load(x: int) -> int:
    return x


def pipeline(fast: bool = True):
    try:
        if fast:
            return load(1)  # error: HR102
        size = load(2)
    except KeyError:
        size = 3
    return size
