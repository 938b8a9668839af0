def load(x: int) -> int:
    return x


def pipeline():
    y = load(x)  # error: HR201
    x = 1
    return y, x
