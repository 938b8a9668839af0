def load() -> int:
    return 1


def pipeline():
    load() + 1  # error: HR102
    [load(), load()]  # error: HR102
    return 1
