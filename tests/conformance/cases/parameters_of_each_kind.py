"""Parameters in arguments and in the result."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0, "text": "{{=1+1}}"}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2, text: str = "é", flag: bool = True):
    return add(n), text, flag
