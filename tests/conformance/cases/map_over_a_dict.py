"""Map over a dict."""


def double(x: str) -> str:
    return x * 2


def pipeline():
    return [double(k) for k in {"a": 1, "b": 2}]
