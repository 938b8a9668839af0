# /// script
# [tool.headrace]
# pipelines = ["even", "odd"]
# ///
def step(x: int) -> int:
    return x


def even(n: int):
    return odd(step(n))


def odd(n: int):
    return even(step(n))  # error: HR207


def pipeline(n: int = 1):
    return even(n)
