"""Assertions as data checks: turns that fail theirs fall back."""

RUNS = [{}, {"xs": []}]


def measure(x: int) -> float:
    return x * 0.5


def pipeline(xs: list[int] = [1, 4, 9]):
    out = []
    for x in xs:
        try:
            m = measure(x)
            assert m < 2, f"{m} for {x}"
            text = "fine"
        except AssertionError as error:
            text = str(error)
        out.append((x, text))
    return out
