COUNT = 0


def load() -> int:
    return 1


def pipeline():
    global COUNT  # error: HR102
    COUNT = load()
    return 1
