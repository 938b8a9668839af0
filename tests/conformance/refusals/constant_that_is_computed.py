import os

HOME = os.environ["HOME"]


def load(x: str) -> int:
    return 1


def pipeline():
    return load(HOME)  # error: HR201
