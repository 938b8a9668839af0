def load() -> int:
    return 1


def pipeline():
    a, b = load(), load(), load()  # error: HR301
    c, d = [load()]  # error: HR301
    return a, b, c, d
