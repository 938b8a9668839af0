def load(x: int) -> int:
    return x


def pipeline(fast: bool = True):
    if fast:
        size = load(1)
    return size  # error: HR202
