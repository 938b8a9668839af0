"""`assert` gates: the text is an f-string over results; a failed one stops what follows."""

RUNS = [{}, {"n": 0}, {"n": 50}]


def score(n: int) -> float:
    return n / 10


def deploy(n: int) -> str:
    return f"deployed {n}"


def pipeline(n: int = 8):
    s = score(n)
    assert 0 < s < 2, f"score {s:.2f} is out of range for {n}"
    return deploy(n)
