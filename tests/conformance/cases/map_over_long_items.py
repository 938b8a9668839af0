"""Items that are short enough to go inline, and together too long (semantics 10 and 38)."""

RUNS = [{}, {"n": 2}]


def texts(n: int) -> list[str]:
    return [f"{x:04d}" * 1000 for x in range(n)]


def measure(text: str) -> list[object]:
    return [len(text), text[:4]]


def pipeline(n: int = 30):
    return [measure(text) for text in texts(n)]
