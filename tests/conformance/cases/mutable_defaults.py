"""A step whose default is a list that it changes: each call here is a new process."""


def keys(text: str, extra: tuple[str, ...] = ("x",)) -> list[str]:
    return [*text, *extra]


def pipeline(text: str = "ab"):
    """Give the keys."""
    first: list[str] = keys(text)
    second = keys(text, ())
    return first, second
