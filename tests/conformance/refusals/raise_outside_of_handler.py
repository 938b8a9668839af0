def load() -> int:
    return 1


def pipeline():
    x = load()
    if x > 1:
        raise  # error: HR102
    return x
