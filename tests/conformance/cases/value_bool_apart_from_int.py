"""True is not 1: booleans stay apart from integers in every position."""

RUNS = [{}, {"flag": False, "n": 0}, {"flag": True, "n": 1}]


def show(value: object) -> str:
    return repr(value)


def yes() -> bool:
    return True


def pipeline(flag: bool = True, n: int = 1):
    return show(flag), show(n), show(yes()), [show(v) for v in [True, 1, False, 0, n, flag]], flag
