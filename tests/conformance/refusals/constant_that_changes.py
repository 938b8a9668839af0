COUNT = 0
COUNT += 1
NAMES = ["a"]
NAMES.append("b")


def load(x: object) -> int:
    return 1


def pipeline():
    return load(COUNT), load(NAMES)  # error: HR201 HR201
