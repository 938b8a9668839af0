"""Match singletons."""

RUNS = [{}, {"flag": False}]


def pipeline(flag: bool = True):
    match flag:
        case True:
            y = 1
        case _:
            y = 2
    return y
