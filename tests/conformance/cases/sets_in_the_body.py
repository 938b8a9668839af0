"""Sets made in the body, where their order does not show."""

RUNS = [{}, {"xs": []}, {"xs": [8, 0, 16, 3]}]


def load(n: int) -> int:
    return n % 3


def names(n: int) -> list[str]:
    return ["b", "a", "b"][:n]


def count(values: set[int], extra: frozenset[str]) -> str:
    return f"{sorted(values)} {sorted(extra)}"


def pipeline(xs: list[int] = [1, 2, 4, 8, 3]):
    seen = {load(x) for x in xs}
    labels = {name.upper() for name in names(3)}
    total = len({x % 2 for x in xs})
    if load(7) in {1, 5}:
        kind = "one"
    else:
        kind = "other"
    one = load(3)
    other = {one, load(4), *xs}
    ordered = [load(x) for x in sorted({4, 3, *xs})]
    return (
        len(seen), sorted(seen), max(seen), labels, total, kind, other, ordered,
        count(seen, frozenset(labels)), set(xs) == {1, 2, 3, 4, 8}, max({8, 0, 16}),
        sorted([load(x) for x in sorted({8, 0})]), {"k": {1}}, sorted(set(load(x) for x in xs)),
    )
