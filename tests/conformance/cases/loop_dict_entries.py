"""Dict entries written in a loop: later keys win, and keep their first place."""

RUNS = [{}, {"words": []}]


def key(word: str) -> str:
    return word[0]


def value(word: str) -> int:
    return len(word)


def pipeline(words: list[str] = ["apple", "bee", "ant", "cat"]):
    out = {"z": 0}
    for word in words:
        out[key(word)] = value(word)
    return out, list(out)
