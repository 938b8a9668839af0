"""A sub-pipeline of another module, in a map, whose steps stand there (semantics 54)."""

from inner import prepare

RUNS = [{}, {"xs": []}]


def join(texts: list[str]) -> str:
    return "+".join(texts)


def pipeline(xs: list[int] = [1, 5]):
    return join([prepare(x) for x in xs])
