def train(data: str, *, epochs: int = 1) -> str:
    return data


def pipeline():
    return train("a", 2), train("a", 2, 3)  # error: HR204 HR204
