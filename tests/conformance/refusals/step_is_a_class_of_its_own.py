class Settings:
    def __init__(self, size: int) -> None:
        self.size = size


def load(x: int) -> int:
    return x


def pipeline():
    settings = Settings(size=1)  # error: HR205
    return load(settings.size)
