def load() -> int:
    return 1


def pipeline():
    if (size := load()) > 0:  # error: HR102
        return size
    return [y for x in [1, 2] if (y := x)]  # error: HR102
