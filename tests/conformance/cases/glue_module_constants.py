"""Constants of the module in arguments, items, conditions and results."""

NAMES = ["a", "b"]
LIMITS = {"a": 1, "b": 5}
FLOOR = 2
TITLE = "{{title}}"


def weigh(name: str, limit: int) -> int:
    return len(name) + limit


def pipeline(n: int = 3):
    weights = {name: weigh(name, LIMITS[name]) for name in NAMES}
    best = max(weights.values())
    if best > FLOOR:
        title = TITLE
    else:
        title = ""
    return weights, title, n + FLOOR
