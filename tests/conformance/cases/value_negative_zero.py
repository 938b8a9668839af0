"""Negative zero keeps its sign through steps, items and glue."""


def zero() -> float:
    return -0.0


def show(value: float) -> str:
    return repr(value)


def pipeline():
    z = zero()
    return z, show(z), [show(v) for v in [z, -z, 0.0]], str(z)
