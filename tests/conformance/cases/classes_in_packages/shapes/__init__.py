"""Shapes, and the steps that work on them."""

from .errors import WrongShape
from .kinds import Kind, Shape

__all__ = ["Kind", "Shape", "WrongShape", "area", "make"]


def make(kind: str, size: int) -> Shape:
    if size < 0:
        raise WrongShape(kind, size)
    return Shape(Kind(kind), size)


def area(shape: Shape) -> float:
    if shape.kind is Kind.CIRCLE:
        raise WrongShape("circle", shape.size)
    return float(shape.size**2)
