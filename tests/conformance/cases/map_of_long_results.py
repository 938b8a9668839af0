"""Results of turns that are short enough to go inline, but not together (semantics 13 and 38)."""

RUNS = [{}, {"n": 2}]


def long(x: int) -> str:
    return f"{x:04d}" * 1000


def measure(texts: list[str]) -> list[object]:
    return [len(texts), len("".join(texts)), [text[:4] for text in texts[-2:]]]


def pipeline(n: int = 40):
    texts = [long(x) for x in range(n)]
    return measure(texts), len(texts), texts[-1][:4]
