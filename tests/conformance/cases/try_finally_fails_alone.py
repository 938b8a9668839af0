"""A cleanup that fails fails the run, though all else worked (semantics 33)."""


def work() -> int:
    return 1


def clean(n: int) -> None:
    raise OSError(f"cannot remove {n}")


def pipeline():
    try:
        y = work()
    finally:
        clean(3)
    return y
