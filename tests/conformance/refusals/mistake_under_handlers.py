def load(x: int) -> int:
    return x


def pipeline(n: int = 1):
    try:
        x = load(load(n) + missing) + (1 if load(2) else load(3, by=1))  # error: HR201 HR204
    except KeyError:
        x = lambda: n  # error: HR102
    return x
