"""Steps with several outputs in a map: each is gathered by itself."""


def split(x: int) -> tuple[int, str]:
    return x * 2, str(x)


def join(a: int, b: str) -> str:
    return f"{a}{b}"


RUNS = [{}, {"xs": []}]


def pipeline(xs: list[int] = [1, 2]):
    pairs = [split(x) for x in xs]
    firsts = []
    seconds = []
    for x in xs:
        a, b = split(x)
        firsts.append(a)
        seconds.append(join(a, b))
    return pairs, firsts, seconds, [join(a, b) for a, b in pairs]
