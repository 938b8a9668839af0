"""Named tuple."""

from typing import NamedTuple


class Pair(NamedTuple):
    left: int
    right: str


def pair(x: int) -> Pair:
    return Pair(x, str(x))


def pipeline():
    r = pair(5)
    return r.left, r.right
