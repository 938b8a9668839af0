import pandas


def load(x: object) -> int:
    return 1


def pipeline():
    return load(pandas.read_csv("a").groupby("b").mean())  # error: HR203
