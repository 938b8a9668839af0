def load(x: int) -> int:
    return x


def pipeline():
    try:
        first = load(1)
    finally:
        load(first)  # error: HR202
    return first
