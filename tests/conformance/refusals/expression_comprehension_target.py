def double(x: int) -> int:
    return 2 * x


def pipeline(xs: list[int] = [1]):
    return [double(1) for xs[0] in xs], [1 for xs.y in xs]  # error: HR102 HR102
