def load() -> object:
    return 1


def pipeline():
    model = load()
    return model(1), load()(2)  # error: HR203 HR203
