"""Keyword-only parameters, in another order than declared."""


def join(*, first: str, second: str = "two", third: str) -> str:
    return f"{first}-{second}-{third}"


def pipeline(text: str = "one"):
    return join(third="three", first=text), join(first="a", second="b", third=text)
