def load(size: int) -> int:
    return size


def pipeline():
    return load(size=1, size=2)  # error: HR101
