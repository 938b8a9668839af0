"""Defaults of steps stay the steps' own, and are evaluated by them."""

import math

BASE = 10


def grow(x: int, by: int = BASE * 2, factor: float = math.pi, *, note: str = "n" * 3) -> str:
    return f"{x + by} {factor:.3f} {note}"


def pipeline(x: int = 1):
    return grow(x), grow(x, 3), grow(x, note="{}"), grow(x, factor=1.0)
