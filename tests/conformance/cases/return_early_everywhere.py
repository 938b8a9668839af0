"""Early returns in arms, after steps, in `match`; what follows runs only where Python runs it."""

RUNS = [{}, {"n": 1}, {"n": 2}, {"n": 3}]


def fail(n: int) -> int:
    raise RuntimeError(f"never {n}")


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 0):
    if n == 0:
        return add(n)
    a = add(n)
    match a:
        case 2:
            return "two", a
        case 3:
            b = add(a)
            if b > 3:
                return {"b": b}
            fail(b)
    return a + add(a)
