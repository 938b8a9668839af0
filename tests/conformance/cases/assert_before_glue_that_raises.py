"""What an `assert` guards is evaluated after it, so the run fails by the assertion."""

RUNS = [{}, {"x": 1}, {"x": 5}]


def record(x: int) -> dict[str, int]:
    return {"a": x, "k": x} if x > 1 else {"a": x}


def load(x: int) -> int:
    return x


def pipeline(x: int = 0):
    d = record(x)
    assert "k" in d, "missing k"
    if d["k"] > 1:
        return load(1), d["k"] + 1
    return load(2), d["zz"]
