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
    a = load(text)  # error: HR311
    b = load(f"{n}")  # error: HR311
    c = names(xs)  # error: HR311
    d = names([str(x) for x in xs])
    e = load(d)  # error: HR311
    f = settle(n).nmae  # error: HR311
    g = [load(x) for x in load(n)]  # error: HR311
    h = Settings(n, "b", 3)  # error: HR204
    i = Settings()  # error: HR204
    j = load(None)  # error: HR311
    k = load(n if n > 1 else text)
    return a, b, c, e, f, g, h, i, j, k
