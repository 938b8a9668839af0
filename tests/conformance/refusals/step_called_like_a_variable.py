def load(x: int) -> int:
    return x


def pipeline():
    load = load(1)  # error: HR201
    return load
