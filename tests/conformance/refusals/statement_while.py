def load() -> int:
    return 1


def pipeline():
    total = 0
    while total < 3:  # error: HR102
        total = load()
    return total
