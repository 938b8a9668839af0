"""A tuple of an artifact and a parameter: each travels in its own way (semantics 41)."""

from pathlib import Path


def train(epochs: int) -> tuple[Path, float]:
    path = Path("model.bin")
    path.write_bytes(b"\0" * epochs)
    return path, 1 / epochs


def load(model: Path) -> int:
    return len(model.read_bytes())


RUNS = [{}, {"epochs": 8}]


def pipeline(epochs: int = 3):
    model, loss = train(epochs)
    if loss < 0.2:
        size = load(model)
    else:
        size = -1
    return size, loss
