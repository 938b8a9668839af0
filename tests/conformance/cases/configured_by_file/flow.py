"""A project with a configuration file, whose sub-pipeline stands in another module."""

from parts import prepare


def finish(x: int) -> str:
    return f"done {x}"


RUNS = [{}, {"n": 0}]


def pipeline(n: int = 3):
    return finish(prepare(n)), prepare(n + 1)
