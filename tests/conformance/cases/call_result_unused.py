"""Results that nothing reads, of steps that matter and of those that do not."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 1):
    add(n)
    unused = add(n, 5)
    _ = add(unused)
    x, _ = add(n), add(n, 2)
    return x
