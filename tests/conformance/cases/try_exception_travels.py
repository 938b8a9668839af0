"""A caught exception goes to a step with its class, arguments and text."""


class Quota(Exception):
    def __init__(self, used: int, limit: int):
        super().__init__(used, limit)
        self.used = used


def work(n: int) -> int:
    raise Quota(n, 10)


def describe(error: Exception) -> str:
    return f"{type(error).__name__} {error.args} {isinstance(error, Quota)} {error.used}"


def pipeline(n: int = 12):
    try:
        y = str(work(n))
    except Quota as error:
        y = describe(error)
    return y
