def step(x: int) -> int:
    return x


def pipeline():
    x = 0
    for _ in range(101):
        x = step(x)  # error: HR106
    return x
