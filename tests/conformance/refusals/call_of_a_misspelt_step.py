def evaluate(x: int) -> int:
    return x


def pipeline():
    return evalute(1)  # error: HR203
