"""Values."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    SQUARE = "square"
    CIRCLE = "circle"


@dataclass(frozen=True)
class Shape:
    kind: Kind
    size: int
