def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1]):
    found = []
    for x in xs:
        y = load(x)  # error: HR106
        found.append(y)
    total = 0
    if found:
        total = y
    return total
