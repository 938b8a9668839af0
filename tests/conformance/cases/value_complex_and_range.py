"""Complex numbers and ranges arrive as themselves."""


def make() -> tuple[complex, range]:
    return 1 - 2j, range(1, 10, 3)


def show(value: object) -> str:
    return repr(value)


def pipeline():
    number, steps = make()
    return show(number), show(steps), [show(i) for i in steps]
