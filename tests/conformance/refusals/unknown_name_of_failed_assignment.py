def load(x: int) -> int:
    return x


def pipeline():
    size = load(missing)  # error: HR201
    other = lod(size)  # error: HR203
    return load(size) + load(other)
