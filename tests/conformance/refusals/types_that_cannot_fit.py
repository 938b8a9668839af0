from dataclasses import dataclass


@dataclass
class Settings:
    size: int
    name: str = "a"


def load(x: int) -> int:
    return x


def names(texts: list[str]) -> dict[str, int]:
    return {text: len(text) for text in texts}


def settle(x: int) -> Settings:
    return Settings(x)


def pipeline(text: str = "a", n: int = 1, xs: list[int] = [1]):
    a = load(text)  # error: HR308
    b = load(f"{n}")  # error: HR308
    c = names(xs)  # error: HR308
    d = names([str(x) for x in xs])
    e = load(d)  # error: HR308
    f = settle(n).nmae  # error: HR308
    g = [load(x) for x in load(n)]  # error: HR308
    h = Settings(n, "b", 3)  # error: HR204
    i = Settings()  # error: HR204
    j = load(None)  # error: HR308
    k = load(n if n > 1 else text)
    return a, b, c, e, f, g, h, i, j, k
