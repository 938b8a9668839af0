"""Division by zero."""


def pipeline():
    x = 1 / 0
    return 2
