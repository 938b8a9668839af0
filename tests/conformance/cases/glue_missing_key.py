"""A key that a step's result has not."""

RUNS = [{}, {"key": "absent {{x}}"}]


def table() -> dict[str, int]:
    return {"a": 1}


def pipeline(key: str = "a"):
    return table()[key]
