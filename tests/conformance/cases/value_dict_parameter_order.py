"""A dict that is a run's parameter keeps the order of its keys."""

RUNS = [{}, {"options": {"b": 1, "a": {"d": 2, "c": 3}}}, {"options": {}}]


def told(options: dict[str, object]) -> str:
    return repr(options)


def pipeline(options: dict[str, object] = {"z": 1, "m": {"y": 2, "x": 3}}):
    return told(options), list(options), len(options)
