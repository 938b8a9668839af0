def total(values: list[int]) -> int:
    return sum(values)


def double(x: int) -> int:
    return 2 * x


def pipeline(xs: list[int] = [1]):
    return total(double(x) for x in xs)  # error: HR102
