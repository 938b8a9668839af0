def score(part: str) -> int:
    return len(part)


async def feed():
    yield 1


def pipeline():
    return [score(x) for x in feed()]  # error: HR205
