"""`elif`: the first arm whose condition holds."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline(n: int = 2):
    if n > 5:
        y = "a"
    elif n > 2:
        y = show(text="b")
    else:
        y = "c"
    return y
