def load() -> int:
    return 1


def pipeline():
    names = {load(), 2}  # error: HR102
    more = {load() for _ in [1, 2]}  # error: HR102
    return names, more, set([1])  # error: HR203
