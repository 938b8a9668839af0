def load() -> int:
    return 1


def pipeline(n: int = 1):
    try:
        x = load()
    except n:  # error: HR102
        x = 0
    return x
