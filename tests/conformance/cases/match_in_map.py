"""`match` on the items of a map; an arm for each."""


def kind(x: int) -> str:
    return ["zero", "one", "many"][min(x, 2)]


def mark(x: int, text: str) -> str:
    return f"{x}{text}"


RUNS = [{}, {"xs": []}]


def pipeline(xs: list[int] = [0, 1, 2, 7]):
    out = []
    for x in xs:
        match kind(x):
            case "zero":
                out.append(mark(x, "!"))
            case "one":
                out.append("1")
            case other:
                out.append(mark(x, other))
    return out
