LEARNING_RATES = (0.1, 0.01)


def train(rate: float) -> float:
    return rate


def pipeline():
    return [train(rate) for rate in LEARNING_RATE]  # error: HR201
