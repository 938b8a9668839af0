"""Handlers within a loop and around it that use the same name."""


def invert(x: int) -> float:
    return 1 / x


def check(xs: list[float]) -> float:
    if len(xs) > 2:
        raise ValueError("too many")
    return sum(xs)


def pipeline(xs: list[int] = [1, 0, 2]):
    out = []
    try:
        for x in xs:
            try:
                y = invert(x)
            except ZeroDivisionError as error:
                y = float(len(str(error)))
            out.append(y)
    except ValueError as error:
        return str(error)
    try:
        return check(out)
    except ValueError as error:
        return str(error)


RUNS = [{}, {"xs": [1]}, {"xs": []}]
