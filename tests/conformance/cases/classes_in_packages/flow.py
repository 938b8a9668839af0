"""Dataclasses, enums and exceptions of a package pass between steps and handlers."""

from shapes import Kind, Shape, WrongShape, area, make

RUNS = [{}, {"size": -1}, {"kind": "circle"}]


def describe(shape: Shape) -> str:
    return f"{shape!r} {shape.kind is Kind.SQUARE}"


def pipeline(kind: str = "square", size: int = 2):
    try:
        shape = make(kind, size)
        out = (describe(shape), area(shape), shape.size)
    except WrongShape as error:
        out = (str(error), error.args, None)
    return out
