def load() -> int:
    return 1


def pipeline():
    count = 0
    nonlocal count  # error: HR101
    return load()
