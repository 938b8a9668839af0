"""Results without annotations: tuples, fields and items are found as the values come."""


def anything(n):
    return {"rows": [(n, "a"), (n + 1, "b")]}


def first(pair):
    return pair[0]


def pipeline(n=1):
    rows = anything(n)
    return first(rows["rows"][0]), rows["rows"][1][1]
