"""`raise` of a class of the module's own, with arguments that are results of steps."""

RUNS = [{}, {"n": 5}]


class TooSmall(Exception):
    def __init__(self, size: int, wanted: int):
        super().__init__(f"{size} is under {wanted}")
        self.size = size


def size(n: int) -> int:
    return n * 2


def pipeline(n: int = 1):
    s = size(n)
    if s < 4:
        raise TooSmall(s, wanted=4)
    return s
