"""`is` with True, False and None."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def pipeline(n: int = 2, flag: bool = True):
    return flag is True, n is None, (n is not False)
