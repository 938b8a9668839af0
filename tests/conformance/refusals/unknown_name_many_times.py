def load(x: int) -> int:
    return x


def pipeline():
    a = load(size)  # error: HR201
    b = load(size + 1)
    if size > 2:
        b = load(size)
    return [load(x) for x in size], a, b, size
