def check(x: int) -> bool:
    return x > 1


def pipeline(xs: list[int] = [1]):
    return any(check(x) for x in xs)  # error: HR102
