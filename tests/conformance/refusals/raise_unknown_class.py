def load() -> int:
    return 1


def pipeline():
    x = load()
    if x > 1:
        raise ValueEror("too large")  # error: HR201
    return x
