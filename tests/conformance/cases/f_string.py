"""F-string."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    x = add(1)
    return f"{x:03d} {x!r} {{x}} $(HOME) {{{{=1+1}}}}"
