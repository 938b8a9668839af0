def load() -> int:
    return 1


def pipeline(xs: list[int] = [1]):
    a = load()
    if a is xs:  # error: HR303
        return 1
    return a is not load(), a is 3, a is None  # error: HR303 HR303
