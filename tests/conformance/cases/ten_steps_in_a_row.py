"""Ten steps in a row that do nothing: what an engine itself takes for a step."""


def same(n: int) -> int:
    return n


def pipeline(n: int = 7):
    a = same(n)
    b = same(a)
    c = same(b)
    d = same(c)
    e = same(d)
    f = same(e)
    g = same(f)
    h = same(g)
    i = same(h)
    return same(i)
