from dataclasses import dataclass


@dataclass
class Settings:
    size: int


def load(x: Settings) -> int:
    return x.size


def pipeline():
    settings = Settings(size=1)  # error: HR205
    return load(settings), settings.size
