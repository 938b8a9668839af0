def load() -> int:  # error: HR103
    return 1


def pipelin():
    return load()
