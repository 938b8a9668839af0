"""Equality over kinds: 1 == 1.0 == True, "1" != 1, lists against tuples."""


def same(x: object) -> object:
    return x


def pipeline():
    one = same(1)
    return (
        one == 1.0,
        one == True,
        one == "1",
        same([1]) == [1.0],
        same((1,)) == [1],
        same(None) == 0,
    )
