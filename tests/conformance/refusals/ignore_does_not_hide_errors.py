def load(x: int) -> int:
    return x


def pipeline():
    return load(x)  # headrace: ignore[HR201]  # error: HR201  # warning: HR105
