NAMES = ["a"]


def load(x: list[str]) -> int:
    return len(NAMES)


def pipeline():
    return load(NAMES)  # error: HR201
