def load() -> int:
    return 1


def pipeline():
    x = load()
    del x  # error: HR102
    return 1
