# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "scikit-learn>=1.4", "torch>=1.13"]
#
# [tool.headrace]
# image = "ghcr.io/example/digits-torch:1"
#
# [tool.headrace.steps.train]
# cpu = "2"
# memory = "2Gi"
# timeout = "1h"
# retries = 1
#
# [tool.headrace.steps.tune]
# memory = "2Gi"
# node_selector = { "node.example.com/pool" = "large" }
# tolerations = [{ key = "large", operator = "Exists", effect = "NoSchedule" }]
# ///
"""Train a small network on handwritten digits with torch; tune it further if it is not yet good."""

import torch
from sklearn.datasets import load_digits
from torch import nn

Tensors = dict[str, torch.Tensor]


def ingest(seed: int, test_count: int) -> tuple[Tensors, Tensors]:
    """Return the images and digits to train with, and those to test with."""
    bundled = load_digits()
    images = torch.tensor(bundled.data, dtype=torch.float32) / 16
    digits = torch.tensor(bundled.target, dtype=torch.int64)
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed))
    test, train = order[:test_count], order[test_count:]
    return (
        {"images": images[train], "digits": digits[train]},
        {"images": images[test], "digits": digits[test]},
    )


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def fit(model: nn.Module, data: Tensors, rate: float, epochs: int, seed: int) -> Tensors:
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for batch in torch.randperm(len(data["digits"]), generator=generator).split(64):
            optimizer.zero_grad()
            loss(model(data["images"][batch]), data["digits"][batch]).backward()
            optimizer.step()
    return model.state_dict()


def train(data: Tensors, rate: float, epochs: int, seed: int) -> Tensors:
    """Train a network from nothing; return its state."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    return fit(network(), data, rate, epochs, seed)


def tune(state: Tensors, data: Tensors, rate: float, epochs: int, seed: int) -> Tensors:
    """Train the network with `state` further."""
    torch.set_num_threads(1)
    model = network()
    model.load_state_dict(state)
    return fit(model, data, rate, epochs, seed)


def evaluate(state: Tensors, data: Tensors) -> float:
    """Return the share of the images that the network with `state` reads rightly."""
    torch.set_num_threads(1)
    model = network()
    model.load_state_dict(state)
    with torch.no_grad():
        answers = model(data["images"]).argmax(dim=1)
    return (answers == data["digits"]).double().mean().item()


def pipeline(rates: list[float] = [0.01, 0.1], epochs: int = 4, goal: float = 0.97, seed: int = 3):
    train_set, test_set = ingest(seed, test_count=360)
    states = [train(train_set, rate=rate, epochs=epochs, seed=seed) for rate in rates]
    scores = [evaluate(state, test_set) for state in states]
    best = max(scores)
    state = states[scores.index(best)]
    if best < goal:
        state = tune(state, train_set, rate=rates[scores.index(best)], epochs=4 * epochs, seed=seed)
    return scores, evaluate(state, test_set)
