def load():
    return [1]


def names() -> list[str]:
    return ["a"]


def pipeline(n: int = 1):
    rows = load()
    rows += load()  # error: HR310
    texts = names()
    texts += names()  # error: HR310
    total = n
    total += 1
    text = "a"
    text += str(n)
    return rows, texts, total, text
