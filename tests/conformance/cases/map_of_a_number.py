"""What cannot be iterated over fails as in Python."""


def number(n):
    return n


def double(x):
    return x * 2


RUNS = [{}, {"n": [1]}]


def pipeline(n=3):
    return [double(x) for x in number(n)]
