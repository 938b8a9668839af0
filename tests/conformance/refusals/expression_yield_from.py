def load() -> list[int]:
    return [1]


def pipeline():
    x = load()
    yield from x  # error: HR102
    received = yield  # error: HR102
    return received
