def check(x: int) -> bool:
    return x > 1


def pipeline(xs: list[int] = [1]):
    if all(check(x) for x in xs):  # error: HR102
        return 1
    return 0
