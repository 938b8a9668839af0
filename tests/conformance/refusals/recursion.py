def step(x: int) -> int:
    return x


def pipeline(n: int = 1):
    if n > 0:
        return pipeline(n - 1)  # error: HR207
    return step(n)
