def score(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1, 2]):
    for x in xs:
        if x > 1:
            return score(x)  # error: HR102
    return 0
