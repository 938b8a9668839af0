"""Assert a step."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def show(*, text: str, end: str = "!") -> str:
    return text + end


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2):
    assert big(n), show(text="no")
    return n
