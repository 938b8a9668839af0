"""For over items."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    out = []
    for k, v in {"a": 1, "b": 2}.items():
        out.append(add(v, len(k)))
    return out
