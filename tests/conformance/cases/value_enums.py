"""Members of enumerations are themselves in the step that receives them."""

from enum import Enum, IntEnum


class Colour(Enum):
    RED = "r"
    BLUE = "b"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


def choose(index: int) -> Colour:
    return list(Colour)[index]


def raised(level: Level) -> Level:
    return Level(level + 1)


def low() -> Level:
    return Level.LOW


def show(colour: Colour, level: Level) -> str:
    return f"{colour!r} {colour is Colour.BLUE} {level!r} {type(level).__name__}"


def pipeline(index: int = 1):
    return show(choose(index), raised(low()))
