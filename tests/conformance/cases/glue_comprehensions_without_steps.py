"""Comprehensions over results that call no step: they are glue, not maps."""


def rows() -> list[list[int]]:
    return [[1, 2], [], [3]]


def pipeline():
    made = rows()
    return (
        [x for row in made for x in row],
        {len(row): row for row in made},
        sorted([x % 2 for row in made for x in row]),
        [[y * 2 for y in row] for row in made if row],
        sum(len(row) for row in made),
        any(x > 2 for row in made for x in row),
        all(row for row in made),
    )
