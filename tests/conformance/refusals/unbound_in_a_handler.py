def load(x: int) -> int:
    return x


def pipeline():
    try:
        first = load(1)
        second = load(first)
    except KeyError:
        second = load(first)  # error: HR202
    return second
