"""`match` with returns and raises inside `try` with `finally`."""

RUNS = [{}, {"n": 1}, {"n": 2}, {"n": 3}]


def kind(n: int) -> str:
    if n == 3:
        raise KeyError("three")
    return "abc"[n]


def clean(n: int) -> None:
    print(n)


def pipeline(n: int = 0):
    try:
        match kind(n):
            case "a":
                y = 1
            case "b":
                y = 2
            case _:
                raise ValueError(f"kind of {n}")
    except ValueError as error:
        y = str(error)
    finally:
        clean(n)
    return y, n
