"""`try` around a map whose turns have `try` of their own and raise again."""

RUNS = [{}, {"xs": [1, 2]}, {"xs": [0, 200]}]


class Bad(Exception):
    pass


def work(x: int) -> float:
    if x > 100:
        raise OverflowError(x)
    return 1 / x


def pipeline(xs: list[int] = [1, 200, 0]):
    try:
        out = []
        for x in xs:
            try:
                y = work(x)
            except ZeroDivisionError as cause:
                raise Bad(f"item {x}: {cause}") from cause
            except OverflowError:
                y = 0.0
            out.append(y)
    except Bad as error:
        out = [str(error)]
    return out
