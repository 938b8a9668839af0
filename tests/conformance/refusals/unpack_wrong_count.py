def pair() -> tuple[int, int]:
    return 1, 2


def pipeline():
    a, b, c = pair()  # error: HR301
    [d] = pair()  # error: HR301
    return a, b, c, d
