def scale(*numbers: int, **names: int) -> int:
    return 1


def pipeline():
    return scale(1, 2, by=3)  # error: HR206
