"""Keyword only."""


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline():
    return show(text="a")
