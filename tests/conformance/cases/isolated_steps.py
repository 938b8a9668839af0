"""Each step runs by itself: what it does to its process is not seen by another."""

import os


def change() -> str:
    os.environ["CONFORMANCE_MARK"] = "1"
    return os.environ["CONFORMANCE_MARK"]


def folder() -> str:
    with open("note.txt", "w") as file:
        file.write("x")
    with open("note.txt") as file:
        return file.read()


def pipeline():
    return change(), folder()
