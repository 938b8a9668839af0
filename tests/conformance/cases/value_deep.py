"""A structure three levels deep, mapped at each level inside a step's result."""


def tree(depth: int) -> list[list[list[int]]]:
    return [[[i, j, i * j] for j in range(depth)] for i in range(depth)]


def show(value: object) -> str:
    return repr(value)


def pipeline(depth: int = 3):
    made = tree(depth)
    return show(made), made[1][2], [show(row) for row in made], {"a": {"b": {"c": made[0]}}}
