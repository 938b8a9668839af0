def load(x: int) -> int:
    return x


def pipeline(n: int = 1):
    if n > 3:
        size = load(1)
    elif n > 2:
        other = load(2)
    else:
        size = load(3)
    return load(size)  # error: HR202
