def train(data: str, /, rate: float = 0.1) -> str:
    return data


def pipeline():
    return train(data="b"), train("b", data="a")  # error: HR204 HR204
