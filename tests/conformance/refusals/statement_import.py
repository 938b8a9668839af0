def load() -> int:
    return 1


def pipeline():
    import math  # error: HR102
    from os import path as where  # error: HR102

    return load() + math.pi, where
