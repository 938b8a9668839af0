def load(x: int) -> int:
    return x


def pipeline():
    total = 0
    for i in [1, 2, 3]:
        total += load(i, by=2)  # error: HR204
    return total
