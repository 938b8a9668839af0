def load() -> int:
    return 1


def pipeline(*names, **settings):  # error: HR104 HR104
    return load()
