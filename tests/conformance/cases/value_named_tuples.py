"""A NamedTuple keeps its class, and gives its fields as outputs."""

from typing import NamedTuple


class Split(NamedTuple):
    train: list[int]
    test: list[int]
    seed: int = 7


def split(n: int) -> Split:
    return Split(list(range(n)), [n])


def show(split: Split) -> str:
    return f"{split!r} {split.seed + 1}"


def pipeline(n: int = 2):
    parts = split(n)
    train, test, seed = parts
    return show(parts), parts.train, test, seed, parts[2]
