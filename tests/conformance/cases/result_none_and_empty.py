"""Results that are None, empty, or nested in displays."""


def none() -> None:
    return None


def empty() -> list[int]:
    return []


def pipeline():
    n = none()
    return n, empty(), {}, {"a": (n, [empty(), ()])}, "", 0
