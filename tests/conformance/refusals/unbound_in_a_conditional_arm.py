def load(x: int) -> int:
    return x


def pipeline(fast: bool = True):
    if fast:
        a = load(1)
        b = load(2)
    return load(a) if fast else load(b)  # error: HR202 HR202
