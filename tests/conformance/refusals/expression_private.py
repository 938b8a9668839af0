def load() -> int:
    return 1


def pipeline():
    x = load()
    return x.__class__, x._hidden  # error: HR102 HR102
