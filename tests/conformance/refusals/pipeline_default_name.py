import os

FLOORS = [0.5]
FOLDER = os.getcwd()


def load(floors: list[float], folder: str) -> int:
    return len(floors)


def pipeline(
    floors: list[float] = FLOORS,  # error: HR304
    folder: str = FOLDER,  # error: HR304
):
    return load(floors, folder)
