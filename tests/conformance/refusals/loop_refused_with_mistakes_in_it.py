def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1]):
    total = 0
    for x in xs:
        total += load(x)  # error: HR106
        laod(x)  # error: HR203
        if total > 3:
            break  # error: HR102
    return total
