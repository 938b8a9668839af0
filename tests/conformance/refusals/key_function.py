def load(xs: list[str]) -> int:
    return 1


def longest(x: str) -> int:
    return len(x)


def pipeline(xs: list[str] = ["a"]):
    return load(sorted(xs, key=len)), load(sorted(xs, key=longest))  # error: HR201
