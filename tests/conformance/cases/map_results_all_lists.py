"""Gathered lists of lists, or of dicts, which Argo decodes and encodes anew (semantics 15)."""


def row(n: int) -> list[float]:
    return [n * 1.0, -0.0, 2**60]


def entry(n: int) -> dict[str, int]:
    return {"z": n, "a": n}


def show(values: object) -> str:
    return repr(values)


def pipeline(ns: list[int] = [1, 2]):
    rows = [row(n) for n in ns]
    entries = [entry(n) for n in ns]
    return show(rows), show(entries), [show(r) for r in rows], [show(e) for e in entries]
