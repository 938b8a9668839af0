async def load() -> int:
    return 1


def pipeline():
    return await load()  # error: HR101
