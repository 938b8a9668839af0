import math
import os.path


def load(x: float) -> int:
    return 1


def pipeline():
    return load(math.pi), load(os), load(os.sep)  # error: HR201 HR201 HR201
