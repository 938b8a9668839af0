def load(x: int) -> int:
    return x


def pipeline():
    try:
        first = load(1)
    except KeyError:
        second = load(2)
    return first, second  # error: HR202 HR202
