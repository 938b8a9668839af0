"""A `try` between branches; names bound at each level."""

RUNS = [{}, {"n": 1}, {"n": 5}, {"n": 9}]


def check(n: int) -> int:
    if n == 5:
        raise ValueError("five")
    return n


def double(n: int) -> int:
    return n * 2


def pipeline(n: int = 0):
    tag = "low"
    if n > 0:
        try:
            if check(n) > 3:
                tag = f"high {double(n)}"
            else:
                tag = f"mid {check(n)}"
        except ValueError as error:
            tag = str(error)
            if len(tag) == 4:
                n = double(n)
    return tag, n
