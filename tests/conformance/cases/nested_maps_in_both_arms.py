"""A map in either arm of a branch in a map, with steps after it, and a name that merges."""

RUNS = [{}, {"xs": []}, {"xs": [5]}, {"xs": [1], "floor": 0}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def total(values: list[int], label: str) -> str:
    return f"{label}{sum(values)}"


def pipeline(xs: list[int] = [2, 0, 3, 1], floor: int = 1):
    out = []
    for x in xs:
        if x > floor:
            base = add(x, 10)
            ys = [add(base, y) for y in numbers(x)]
            text = total(ys, "over")
            extra = add(len(ys), base)
        else:
            ys = [add(y, y) for y in [x, floor]]
            text = total(ys, "under")
            extra = None
        out.append({"text": text, "ys": ys, "extra": extra})
    return out
