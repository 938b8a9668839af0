"""An exception that a step returns is a value like another."""


def attempt(n: int) -> Exception | None:
    try:
        return None if 1 / n else None
    except ZeroDivisionError as error:
        return error


def show(error: Exception | None) -> str:
    return repr(error)


RUNS = [{}, {"n": 1}]


def pipeline(n: int = 0):
    return show(attempt(n))
