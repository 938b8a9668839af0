"""Steps inside subscripts, f-strings, keys, displays, methods and arguments of builtins."""


def rows(n: int) -> list[list[int]]:
    return [[n, n + 1], [n + 2]]


def index(n: int) -> int:
    return n % 2


def word(n: int) -> str:
    return "ab" * n


def pipeline(n: int = 1):
    return (
        rows(n)[index(n)],
        rows(n)[index(0)][index(3)],
        f"{word(n):>{index(n) + 5}}|{rows(n)[0]!r}",
        {word(n): word(index(n))},
        [*rows(n), word(n).upper().split("B")],
        max(index(n), index(2), len(word(3))),
        word(n) in [word(1), "x"],
        not index(0),
        -(index(n) ** 2),
        sum([index(x) for x in [1, 2, 3]], index(1)),
        max([index(x) for x in []], default=index(5)),
    )
