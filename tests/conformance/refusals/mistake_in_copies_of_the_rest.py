def load(x: int) -> int:
    return x


def pipeline(n: int = 1):
    if n > 1:
        if n > 2:
            return load(n)
    y = load(n, by=3)  # error: HR204
    return lambda: y  # error: HR102
