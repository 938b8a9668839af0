def load() -> object:
    return 1


def pipeline():
    model = load()
    return model.predict([1])  # error: HR203
