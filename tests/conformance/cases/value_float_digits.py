"""Floats keep all their digits."""


def show(value: float) -> str:
    return value.hex()


def tiny() -> float:
    return 5e-324


def pipeline(x: float = 0.1):
    return show(x), show(x + 0.2), show(tiny()), [show(v) for v in [1e22, 1e16, 123456.789e-7]]
