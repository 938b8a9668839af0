"""An object of a class of the user's that is no dataclass travels as an artifact."""


class Counter:
    def __init__(self, start: int):
        self.count = start

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counter) and self.count == other.count


def make(start: int) -> Counter:
    return Counter(start)


def more(counter: Counter) -> Counter:
    return Counter(counter.count + 1)


def read(counter: Counter) -> int:
    return counter.count


def pipeline(start: int = 4):
    return read(more(more(make(start))))
