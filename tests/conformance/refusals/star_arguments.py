def scale(number: int, by: int) -> int:
    return number * by


def pipeline(pair: list[int] = [1, 2]):
    options = {"by": 2}
    return scale(*pair), scale(1, **options), max(*pair)  # error: HR206 HR206 HR206
