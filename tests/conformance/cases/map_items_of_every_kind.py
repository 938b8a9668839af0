"""Items of every kind reach the step as they are: engines number, trim and re-encode them."""


def make() -> list[object]:
    return [1, 1.0, True, None, "1", "", " x ", [1], {"b": 1, "a": 2}, (1, 2), 2**70, -0.0]


def show(value: object) -> str:
    return repr(value)


def pipeline():
    return [show(v) for v in make()]
