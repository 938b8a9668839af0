import numpy as np
from statistics import mean


def load(x: float) -> int:
    return 1


def pipeline():
    return load(np.mean([1])), load(mean([1]))  # error: HR203 HR203
