"""Each turn of a map takes its own arm; names that merge are gathered (semantics 6 and 12)."""

RUNS = [{}, {"xs": [1, 1]}, {"xs": []}]


def odd(x: int) -> bool:
    return x % 2 == 1


def double(x: int) -> int:
    return x * 2


def half(x: int) -> float:
    return x / 2


def show(x: float, label: str) -> str:
    return f"{label}{x}"


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        label = "same"
        if odd(x):
            y = double(x)
            if y > 4:
                label = "large"
        else:
            y = half(x)
        out.append(show(y, label))
    return out
