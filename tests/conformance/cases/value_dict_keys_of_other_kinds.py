"""Keys that JSON has not: integers, tuples, None, booleans."""


def make() -> dict[object, str]:
    return {1: "int", "1": "str", (1, 2): "tuple", None: "none", 2.5: "float"}


def show(value: dict[object, str]) -> str:
    return repr(value)


def pipeline():
    made = make()
    return show(made), made[1], made["1"], made[(1, 2)], made[None]
