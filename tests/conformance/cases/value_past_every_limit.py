"""A text of half a megabyte, which no engine takes inline (semantics 38: Argo keeps 256 KiB)."""


def long(count: int) -> str:
    return "".join(f"{n:07d} " for n in range(count))


def measure(text: str) -> list[object]:
    return [len(text), text[:8], text[-8:]]


def twice(text: str) -> str:
    return text + text


def pipeline(count: int = 65_536):
    text = long(count)
    both = [twice(text) for _ in [1, 2]]
    return measure(text), measure(twice(text)), [measure(t) for t in both], len(both[1])
