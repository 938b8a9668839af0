def note(x: int) -> None:
    print(x)


def invert(x: int) -> float:
    return 1 / x


def pipeline(xs: list[int] = [1, 0]):
    try:
        for x in xs:  # error: HR106
            note(x)
            invert(x)
    except ZeroDivisionError:
        pass
