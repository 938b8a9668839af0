def load(x: int) -> int:
    return x


def pipeline():
    try:
        size = load(2)
    finally:
        return 1  # error: HR102
    return size
