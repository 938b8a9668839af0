async def load(x: int) -> int:
    return x


def pipeline():
    return load(1), [load(x) for x in [1, 2]]  # error: HR205 HR205
