"""Turns that give None keep their place in the gathered list (semantics 15: Airflow drops them)."""


def even(x: int) -> int | None:
    return x if x % 2 == 0 else None


def show(values: list[int | None]) -> str:
    return repr(values)


def pipeline(xs: list[int] = [1, 2, 3]):
    values = [even(x) for x in xs]
    return values, show(values)
