"""Dataclasses are themselves in the step that receives them; their fields can be read between."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.5


@dataclass
class Shape:
    name: str
    points: list[Point] = field(default_factory=list)

    def size(self) -> int:
        return len(self.points)


def make(name: str) -> Shape:
    return Shape(name, [Point(1), Point(2, 3.0)])


def describe(shape: Shape) -> str:
    return f"{shape!r} {shape.size()}"


def flip(point: Point) -> Point:
    return Point(int(point.y), point.x)


def pipeline(name: str = "line"):
    shape = make(name)
    return describe(shape), shape.name, [repr(flip(p)) for p in shape.points], shape.points[0].x
