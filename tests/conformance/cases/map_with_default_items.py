"""A map over a parameter's default, a tuple, and a text from a step."""


def letters(n: int) -> str:
    return "xyz"[:n]


def show(x: object) -> str:
    return f"<{x}>"


RUNS = [{}, {"n": 0, "xs": ["{{item}}", "$(x)"]}]


def pipeline(n: int = 2, xs: list[str] = ["p", "q"]):
    return [show(c) for c in letters(n)], [show(x) for x in xs], [show(x) for x in ("a", 1, None)]
