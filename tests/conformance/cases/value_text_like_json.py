"""Texts that are JSON of other values stay texts (semantics 37)."""


def make() -> list[str]:
    return ["1", "1.0", "true", "null", "[]", "{}", '"a"', "[1, 2]", '{"!": "tuple"}', "NaN", "1e5"]


def show(value: str) -> str:
    return f"{type(value).__name__}:{value}"


def pipeline():
    texts = make()
    return [show(t) for t in texts], show(texts[0]), texts[6]
