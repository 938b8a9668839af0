def train(model: str, part: str) -> str:
    return model + part


def pipeline(parts: list[str] = ["a", "b"]):
    model = "start"
    for part in parts:
        model = train(model, part)  # error: HR106
    return model
