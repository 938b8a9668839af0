def train(data: str, rate: float, *, epochs: int) -> str:
    return data


def pipeline():
    return train("a", epochs=1), train()  # error: HR204 HR204
