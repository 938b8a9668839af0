"""An attribute that a step's result has not."""

from dataclasses import dataclass


@dataclass
class Point:
    x: int


def make():
    return Point(1)


def pipeline():
    point = make()
    return point.x, point.y
