"""A map inside two branches inside a map; early and late conditions, one read twice."""

RUNS = [{}, {"xs": []}, {"xs": [4, 5]}, {"xs": [0, 1]}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def is_even(n: int) -> bool:
    return n % 2 == 0


def pipeline(xs: list[int] = [0, 3, 4, 7], floor: int = 2):
    out = []
    for x in xs:
        even = is_even(x)
        name = f"<{x}>"
        if x > floor:
            if even:
                ys = [add(x, y) for y in numbers(x) if y]
                count = add(len(ys), x)
            else:
                ys, count = [], add(x, -1)
            if even and ys:
                ys = [add(y, count) for y in ys]
        else:
            ys, count = [x], 0
        if even:
            name = f"{name} {add(count, len(ys))}"
        out.append((name, ys, count))
    return out
