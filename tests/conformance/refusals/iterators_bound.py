def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1], ys: list[int] = [2]):
    pairs = zip(xs, ys)  # error: HR302
    numbered = enumerate(xs)  # error: HR302
    backwards = reversed(ys)  # error: HR302
    return [load(x) for x, _ in pairs], list(numbered), list(backwards), load(pairs)
