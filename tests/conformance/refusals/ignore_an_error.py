def load() -> int:
    return 1


def pipeline():  # headrace: ignore[HR201]  # warning: HR105
    return load()
