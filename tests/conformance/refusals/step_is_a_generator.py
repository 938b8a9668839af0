def stream(x: int):
    yield x


def chain(x: int):
    yield from stream(x)


def pipeline():
    for value in stream(1):  # error: HR205
        chain(value)  # error: HR205
    return 1
