"""Texts of 100 kB: through a result, an argument, items and glue (semantics 38)."""


def long(character: str, count: int) -> str:
    return character * count


def measure(text: str) -> list[object]:
    return [len(text), text[:2], text[-2:]]


def pipeline(count: int = 100_000):
    text = long("ab", count // 2)
    return measure(text), measure(text + "é"), len(text), [measure(t) for t in [text[:10], "x"]]
