def load() -> int:
    return 1


def pipeline():
    yield load()  # error: HR102
