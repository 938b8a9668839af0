"""F-strings over the results of steps: conversions, format specs, nested specs, quotes."""


def number(x: float) -> float:
    return x * 1.5


def name(x: str) -> str:
    return x + "'s"


def pipeline(x: float = 3.14159, who: str = "ö", width: int = 12):
    n = number(x)
    w = name(who)
    return f"{n:>{width}.3f}|{w!r:^10}|{w!a}|{{}}|{n:e}|{x!s:<8}|{w}", f"{n=}"
