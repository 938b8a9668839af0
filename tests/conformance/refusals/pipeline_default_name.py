FLOOR = 0.5


def load(floor: float) -> int:
    return 1


def pipeline(floor: float = FLOOR):  # error: HR304
    return load(floor)
