"""A TypedDict is a dict with known keys."""

from typing import TypedDict


class Options(TypedDict):
    lr: float
    layers: list[int]


def choose(lr: float) -> Options:
    return {"lr": lr, "layers": [4, 2]}


def train(options: Options) -> float:
    return options["lr"] * len(options["layers"])


def pipeline(lr: float = 0.5):
    options = choose(lr)
    return train(options), options["layers"][0], options
