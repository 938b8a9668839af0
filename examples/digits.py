# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn>=1.4"]
#
# [tool.headrace]
# image = "ghcr.io/example/digits:1"
#
# [tool.headrace.defaults]
# cpu = "500m"
# memory = "512Mi"
# timeout = "10m"
#
# [tool.headrace.steps.train]
# cpu = "1"
# memory = "1Gi"
# retries = { limit = 2, delay = "10s" }
# env = { OMP_NUM_THREADS = "1", OPENBLAS_NUM_THREADS = "1" }
# ///
"""Train classifiers of handwritten digits, and deploy the best one if it is good enough."""

import csv
import gzip
import json
import tempfile
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


class Split(NamedTuple):
    train: Path
    test: Path


def ingest() -> Path:
    """Write the 1797 images, 8 by 8 pixels, one on a line: the digit, then 64 shades of grey."""
    digits = load_digits()
    path = Path(tempfile.mkdtemp()) / "digits.csv.gz"
    with gzip.open(path, "wt", newline="") as stream:
        rows = csv.writer(stream)
        for digit, pixels in zip(digits.target, digits.data.astype(int), strict=True):
            rows.writerow([digit, *pixels])
    return path


def transform(raw: Path, test_share: float, seed: int) -> Split:
    """Split the images into two files, with as many of each digit, and scale them to 0..1."""
    with gzip.open(raw, "rt", newline="") as stream:
        rows = np.array([[int(field) for field in row] for row in csv.reader(stream)])
    digits, images = rows[:, 0], rows[:, 1:] / 16
    parts = train_test_split(
        images, digits, test_size=test_share, random_state=seed, stratify=digits
    )
    folder = Path(tempfile.mkdtemp())
    np.savez(folder / "train.npz", images=parts[0], digits=parts[2])
    np.savez(folder / "test.npz", images=parts[1], digits=parts[3])
    return Split(folder / "train.npz", folder / "test.npz")


def train(data: Path, strength: float) -> Pipeline:
    """Fit a linear model; the smaller the `strength`, the more it is held back."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
    with np.load(data) as arrays:
        return model.fit(arrays["images"], arrays["digits"])


def evaluate(model: Pipeline, data: Path) -> float:
    """Return the share of the images that the model reads rightly."""
    with np.load(data) as arrays:
        return float(model.score(arrays["images"], arrays["digits"]))


def pick(models: list[Pipeline], scores: list[float]) -> Pipeline:
    return models[scores.index(max(scores))]


def deploy(model: Pipeline, accuracy: float) -> Path:
    """Write a folder as a model server wants it: the model, and what there is to know of it."""
    folder = Path(tempfile.mkdtemp()) / "digits-model"
    folder.mkdir()
    joblib.dump(model, folder / "model.joblib")
    about = {"accuracy": accuracy, "digits": model.classes_.tolist(), "pixels": 64}
    (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n")
    return folder


def ask(served: Path, data: Path, count: int) -> dict[str, object]:
    """Ask the deployed model for the first images of `data`, as a client would."""
    model = joblib.load(served / "model.joblib")
    with np.load(data) as arrays:
        answers = model.predict(arrays["images"][:count]).tolist()
        wanted = arrays["digits"][:count].tolist()
    return {"served": served.name, "answers": answers, "wanted": wanted}


def pipeline(strengths: list[float] = [0.0001, 0.01, 1.0], floor: float = 0.9, seed: int = 7):
    split = transform(ingest(), test_share=0.2, seed=seed)
    models = [train(split.train, strength) for strength in strengths]
    scores = [evaluate(model, split.test) for model in models]
    best = max(scores)
    if best >= floor:
        served = deploy(pick(models, scores), accuracy=best)
        check = ask(served, split.test, count=8)
    else:
        check = None
    return {"scores": scores, "strength": strengths[scores.index(best)], "check": check}
