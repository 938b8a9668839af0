async def load() -> int:
    return 1


async def pipeline():  # error: HR104
    async with open("x") as file:
        return await load()
