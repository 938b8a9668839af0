from pathlib import Path


def train() -> Path:
    return Path("model")


def rows() -> bytes:
    return b"a"


def ship(model: Path) -> str:
    return model.name


def pipeline():
    model = train()
    if model:  # error: HR309
        url = ship(model)
    else:
        url = ""
    data = rows()
    other = ship(model) if data else ""  # error: HR309
    return url, other, len(data) > 3
