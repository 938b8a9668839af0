def score(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1, 2]):
    found = []
    for x in xs:
        if x > 1:
            break  # error: HR102
        found.append(score(x))
    return found
