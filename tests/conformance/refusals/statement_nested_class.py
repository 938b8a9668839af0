def load() -> int:
    return 1


def pipeline():
    class Inner:  # error: HR102
        x = 1

    return Inner(), Inner.x, load()
