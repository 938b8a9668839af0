"""Expressions over a step that stands before the `try` raise within it, and are handled."""

RUNS = [{}, {"x": 4}, {"xs": []}]


def load(x: int) -> int:
    return x


def record(x: int) -> dict[str, int]:
    return {"a": x, "b": x} if x > 2 else {"a": x}


def show(x: int) -> str:
    return f"<{x}>"


def pipeline(x: int = 0, xs: list[int] = [0, 3]):
    n = load(x)
    d = record(x)
    try:
        rate = 10 / n
    except ZeroDivisionError:
        rate = 0.0
    try:
        y = d["b"]
    except KeyError:
        y = load(-1)
    try:
        text = show(d["b"])
    except KeyError:
        text = "missing"
    try:
        if d["b"] > 3:
            size = "large"
        else:
            size = "small"
    except KeyError:
        size = "unknown"
    try:
        match d["b"]:
            case 4:
                kind = load(1)
            case _:
                kind = load(2)
    except KeyError:
        kind = None
    try:
        shown = [show(v) for v in range(d["b"])]
    except KeyError:
        shown = ["none"]
    out = []
    for each in xs:
        r = record(each)
        try:
            z = r["b"]
        except KeyError:
            z = 0
        out.append(z)
    return f"{rate:.2f}", y, text, size, kind, shown, out
