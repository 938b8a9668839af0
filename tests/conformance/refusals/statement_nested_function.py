def load() -> int:
    return 1


def pipeline():
    def inner(x):  # error: HR102
        return load() + unknown

    return inner(1), inner(2)
