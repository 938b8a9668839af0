from pathlib import Path


def train() -> Path:
    return Path("model")


def rows() -> bytes:
    return b"a"


def ship(model: Path) -> str:
    return model.name


def pipeline():
    model = train()
    if model:  # error: HR312
        url = ship(model)
    else:
        url = ""
    data = rows()
    other = ship(model) if data else ""  # error: HR312
    return url, other, len(data) > 3
