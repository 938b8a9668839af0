def load() -> int:
    return 1


def pipeline():
    x = load(  # error: HR101
    return x
