"""The truth of values of every kind decides as in Python (semantics 8)."""


def make() -> list[object]:
    return [0, 1, 0.0, -0.0, "", "0", "false", [], [0], {}, {"a": 1}, None, True, False, (), (0,)]


def truth(x: object) -> str:
    return "yes"


def pipeline():
    out = []
    for value in make():
        if value:
            y = truth(value)
        else:
            y = "no"
        out.append(y)
    return out
