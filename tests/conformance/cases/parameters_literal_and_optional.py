"""Literal, Optional and union annotations; the values are what they are."""

from typing import Literal, Optional, Union

RUNS = [{}, {"mode": "fast", "seed": 3, "size": 1.5}, {"seed": None, "size": "big"}]


def show(mode: str, seed: Optional[int], size: Union[int, float, str]) -> str:
    return f"{mode} {seed!r} {size!r}"


def pipeline(
    mode: Literal["slow", "fast"] = "slow",
    seed: Optional[int] = None,
    size: Union[int, float, str] = 2,
):
    if mode == "fast":
        seed = 7 if seed is None else seed + 1
    return show(mode, seed, size), seed
