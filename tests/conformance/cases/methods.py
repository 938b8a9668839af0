"""Methods."""


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline():
    x = show(text="a b")
    return x.upper().split(), ",".join(["a", x])
