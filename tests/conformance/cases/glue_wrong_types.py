"""Glue whose operands do not fit, at run time."""


def word():
    return "a"


def pipeline():
    return word() + 1
