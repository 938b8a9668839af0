"""Steps and parameters called as builtins, and as words of ours and of engines."""


def sum(a: int, b: int) -> int:
    return a + b


def compute(item: int, items: int) -> int:
    return item * items


def result(condition: int) -> int:
    return condition + 1


def fail(x: int) -> int:
    return x


def pipeline(item: int = 2, items: list[int] = [1, 2], workflow: str = "w", list: int = 5):
    out = compute(item, list)
    condition = result(out)
    return [sum(item, x) for x in items], fail(condition), workflow, len(items)
