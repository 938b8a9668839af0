def load() -> list[int]:
    return [1, 2]


def pipeline():
    first, *others = load()  # error: HR206
    return first, others
