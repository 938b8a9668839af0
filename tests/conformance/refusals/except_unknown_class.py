def load() -> int:
    return 1


def pipeline(n: int = 1):
    try:
        x = load()
    except (KeyError, ValueEror):  # error: HR201
        x = 0
    return x
