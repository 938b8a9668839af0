def load() -> int:
    return 1


def add(a: int, b: int) -> int:
    return a + b


def pipeline():
    while True:  # error: HR102
        first = load()
        second, third = load(), load()
    return add(first, add(second, third))
