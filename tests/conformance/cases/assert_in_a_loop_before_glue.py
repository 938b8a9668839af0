"""An `assert` in a turn of a loop holds back the division that it guards."""

RUNS = [{}, {"xs": [1, 2]}]


def record(x: int) -> dict[str, int]:
    return {"a": x}


def pipeline(xs: list[int] = [1, 0]):
    out = []
    for x in xs:
        d = record(x)
        assert d["a"] != 0, f"zero at {x}"
        out.append(10 // d["a"])
    return out
