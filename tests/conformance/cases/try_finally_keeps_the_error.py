"""After a failing body the cleanup runs; the run fails by the body (semantics 31)."""


def work(n: int) -> int:
    raise ValueError(f"work {n}")


def clean(n: int) -> None:
    print("cleaned", n)


def after(n: int) -> int:
    return n


def pipeline(n: int = 3):
    try:
        y = work(n)
    finally:
        clean(n)
    return after(y)
