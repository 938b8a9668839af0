def double(x: int) -> int:
    return 2 * x


def pipeline(xs: list[int] = [1]):
    return [double(x) async for x in xs]  # error: HR101
