from functools import cache


def load() -> int:
    return 1


@cache  # error: HR104
def pipeline():
    return load()
