"""Exceptions."""


class WrongShape(ValueError):
    pass
