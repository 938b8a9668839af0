def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1]):
    found = []
    for x in xs:
        try:
            if x > 1:
                continue  # error: HR102
            y = load(x)
        except ValueError:
            y = 0
        found.append(y)
    return found
