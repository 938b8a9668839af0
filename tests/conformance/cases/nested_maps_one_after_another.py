"""Two inner maps in one outer map, of which the second runs over what the first gave."""

RUNS = [{}, {"xs": []}, {"xs": [0, 0]}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def pair(a: list[int], b: list[int]) -> str:
    return f"{a}{b}"


def pipeline(xs: list[int] = [2, 0, 3]):
    first, second, third = [], [], []
    for x in xs:
        ys = [add(x, y) for y in numbers(x)]
        zs = [add(y, x) for y in ys]
        ws = [add(w, 1) for w in [x, x + 1]]
        first.append(zs)
        second.append(pair(ys, ws))
        third.append([x, len(zs)])
    return first, second, third
