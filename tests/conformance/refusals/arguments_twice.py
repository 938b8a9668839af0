def train(data: str, rate: float = 0.1) -> str:
    return data


def pipeline():
    return train("a", data="b")  # error: HR204
