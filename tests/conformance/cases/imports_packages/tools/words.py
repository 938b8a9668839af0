"""Words."""

from . import deep
from .deep.squares import square


def count(text: str) -> int:
    return len(text.split()) + square(0)


def shout(text: str) -> str:
    return text.upper() + deep.MARK
