def train(data: str, learning_rate: float = 0.1) -> str:
    return data


def pipeline():
    return train("a", learing_rate=0.2)  # error: HR204
