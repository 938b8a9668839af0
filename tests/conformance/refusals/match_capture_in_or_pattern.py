def load() -> int:
    return 1


def pipeline():
    match load():
        case (1 as x) | (2 as x):  # error: HR102
            return x
    return 0
