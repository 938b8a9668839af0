def load(x: int) -> int:
    return x


def pipeline(n: int = 1):
    with open("x") as problem:  # error: HR102
        pass
    if load(n):
        raise problem
    return n
