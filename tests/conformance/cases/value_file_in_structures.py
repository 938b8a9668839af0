"""Artifacts inside dicts, lists and dataclasses; fields beside them can be read."""

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Model:
    weights: Path
    score: float


def train(n: int) -> Model:
    path = Path(f"w{n}.bin")
    path.write_bytes(bytes([n]))
    return Model(path, n / 10)


def best(models: list[Model]) -> dict[str, object]:
    model = max(models, key=lambda m: m.score)
    return {"path": model.weights, "score": model.score, "all": [m.weights for m in models]}


def read(path: Path) -> list[int]:
    return [*path.read_bytes()]


def pipeline(ns: list[int] = [1, 3, 2]):
    models = [train(n) for n in ns]
    found = best(models)
    return found["score"], read(found["path"]), [read(p) for p in found["all"]], models[0].score
