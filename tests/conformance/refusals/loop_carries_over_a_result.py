def parts() -> list[str]:
    return ["a"]


def train(model: str, part: str) -> str:
    return model + part


def pipeline():
    model = "start"
    best = None
    for part in parts():
        if best is None:  # error: HR106
            best = train(model, part)
    return best
