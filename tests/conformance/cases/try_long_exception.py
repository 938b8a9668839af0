"""An exception with a text of 300 kB goes to the handler's step whole (semantics 34 and 38)."""

RUNS = [{}, {"count": 10}]


def fail(count: int) -> str:
    raise ValueError("{x}" * count, count)


def measure(error: Exception) -> list[object]:
    text, count = error.args
    return [len(text), text[:4], text[-4:], count]


def pipeline(count: int = 100_000):
    try:
        out = fail(count)
    except ValueError as error:
        out = measure(error)
    return out
