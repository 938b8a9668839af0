def load(x: int) -> int:
    return x


def pipeline():
    try:  # error: HR102
        size = load(1)
    except* ValueError:
        size = 2
    return size
