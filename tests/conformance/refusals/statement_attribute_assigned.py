def load() -> dict:
    return {}


def pipeline():
    model = load()
    model.name = "best"  # error: HR102
    model.version += 1  # error: HR102
    return model
