"""Steps that fail with exceptions of each shape: no text, several arguments, a chain, a group."""

RUNS = [{"kind": 0}, {"kind": 1}, {"kind": 2}, {"kind": 3}, {"kind": 4}, {"kind": 5}, {"kind": 6}]


class Own(Exception):
    def __str__(self) -> str:
        return "own text"


def fail(kind: int) -> int:
    if kind == 0:
        raise ValueError
    if kind == 1:
        raise OSError(2, "No such thing", "file.txt")
    if kind == 2:
        raise KeyError("a 'key'")
    if kind == 3:
        raise Own(1, 2)
    if kind == 4:
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise RuntimeError("outer") from error
    if kind == 5:
        return [][0]
    raise ValueError("first line\nsecond line")


def pipeline(kind: int = 0):
    return fail(kind)
