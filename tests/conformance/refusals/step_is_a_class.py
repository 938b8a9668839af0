class Model:
    def __init__(self, size: int) -> None:
        self.size = size


def load(x: object) -> int:
    return 1


def pipeline():
    return load(Model(1)), load(Model(unknown_size=1))  # error: HR205 HR205
