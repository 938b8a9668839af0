from datetime import date


def load(day: object) -> int:
    return 1


def pipeline(day=date.today(), names=list("ab" * 2), n: int = -1):  # error: HR304 HR304
    return load(day)
