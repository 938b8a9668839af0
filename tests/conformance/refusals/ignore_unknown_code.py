def load() -> int:
    return 1


def pipeline():  # headrace: ignore[HR999, HR40]  # warning: HR105 HR105
    return load()
