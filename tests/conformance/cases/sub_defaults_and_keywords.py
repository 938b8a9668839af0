# /// script
# [tool.headrace]
# pipelines = ["scaled"]
# ///
"""A sub-pipeline's defaults, keyword-only parameters and several results."""


def multiply(a: float, b: float) -> float:
    return a * b


def scaled(x: float, *, factor: float = 2.0, label: str = "f"):
    y = multiply(x, factor)
    return y, f"{label}{y}"


def pipeline(x: float = 1.5):
    a, b = scaled(x)
    c = scaled(a, label="c", factor=x)
    return a, b, c[1], c
