"""What a loop over a constant gathers leaves a try/finally, and one inside another."""


def double(n: int) -> int:
    return 2 * n


def note(text: str) -> str:
    return text


def pipeline(first: int = 1):
    try:
        with_one = [double(first) for _ in [1, 2]]
        try:
            two = [double(n) for n in [3, 4]]
        finally:
            note("inner")
    finally:
        note("outer")
    try:
        last = [double(n) for n in two]
    finally:
        note("last")
    return {"one": with_one, "two": two, "last": last}
