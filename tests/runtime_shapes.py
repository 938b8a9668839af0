"""Values that are hard to pass on, and classes of a user that another process can import."""

import enum
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

HAZARDS = (
    *("{{=1+1}}", "{{ ds }}", "{% if x %}", "{# no #}", "$(HOME)", "$$(HOME)", "$$", "${HOME}"),
    *("a\r\nb\r\n", "ends\n\n", "  spaces  ", "tab\t", "x.sh", "\N{SNOWMAN}\U0001f600", "", "\x7f"),
    *("\x00\x1f", "null", "true", "=1", "*[]", '"', "'", "\\", "\\u007b", "{", "}}", "\u2028"),
    *("\ud800", "\udfff", "\ud83d\ude00", "a\ud83d\ude00b\udc00", "-", "--x", "@file", "!"),
)
"""Texts that an engine, a shell or a line-based format would change."""


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, 2.0)


class Level(enum.IntEnum):
    LOW = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: float
    y: float = 0.0


@dataclass
class Settings:
    name: str
    rates: list[float] = field(default_factory=list)
    total: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.total = sum(self.rates)

    @cached_property
    def doubled(self) -> float:
        return self.total * 2


@dataclass(frozen=True)
class Frozen:
    point: Point
    colour: Colour


class Other:
    """Neither JSON nor a dataclass: only pickle can hold it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Other) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]


def same(a: object, b: object) -> bool:
    """Whether two values are alike to the last bit: types, signs, order, NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
