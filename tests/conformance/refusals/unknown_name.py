def load(x: int) -> int:
    return x


def pipeline():
    return load(size)  # error: HR201
