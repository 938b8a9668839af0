def load(x: object) -> int:
    return 1


def pipeline():
    return load(print), load(int)  # error: HR201 HR201
