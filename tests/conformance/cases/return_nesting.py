"""Return nesting."""

RUNS = [{}, {"text": "{{=1+1}}"}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(text: str = "é"):
    return {"a": [add(1), (double(2), None)], "b": {"c": text}}
