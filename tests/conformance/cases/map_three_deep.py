"""Maps three deep, with steps at each level; the result is a list of lists of lists."""

RUNS = [{}, {"n": 0}, {"n": 1}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def name(a: int, b: int, c: int) -> str:
    return f"{a}{b}{c}"


def join(texts: list[str]) -> str:
    return "+".join(texts)


def pipeline(n: int = 2):
    out = []
    for a in numbers(n):
        rows = []
        for b in numbers(a + 1):
            rows.append([name(a, b, c) for c in numbers(b + 1)])
        out.append([join(row) for row in rows])
    return out
