class Settings:
    size = 3


def load(x: int) -> int:
    return x


def pipeline():
    return load(Settings.size), load(Settings)  # error: HR201 HR201
