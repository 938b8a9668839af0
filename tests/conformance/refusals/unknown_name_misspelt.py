def load(x: list[int]) -> int:
    return 1


def pipeline(models: list[int] = [1]):
    return load(modles)  # error: HR201
