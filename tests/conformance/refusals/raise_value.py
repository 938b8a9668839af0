def load() -> int:
    return 1


def pipeline():
    problem = load()
    if problem:
        raise problem  # error: HR102
    return 1
