def load() -> int:
    return 1


def pipeline():
    try:
        x = load()
    except KeyError as problem:
        x = 0
    return x, problem  # error: HR202
