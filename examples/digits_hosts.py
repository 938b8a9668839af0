# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "scikit-learn>=1.4", "torch>=1.13"]
#
# [tool.headrace]
# image = "ghcr.io/example/digits-torch:1"
#
# [tool.headrace.steps.train]
# hosts = 4
# cpu = "2"
# memory = "2Gi"
# timeout = "1h"
# retries = 1
# ///
"""Train a network on several hosts at once, each of which has a share of the handwritten digits.

On one machine, as in a plain call, there is one host with all of them.
"""

import os

import torch
from digits_torch import Tensors, evaluate, ingest, network
from torch import distributed, nn


def train(data: Tensors, rate: float, epochs: int, seed: int) -> Tensors:
    """Train a network from nothing; return its state, which is the same on every host."""
    torch.set_num_threads(1)
    hosts, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if hosts > 1:
        distributed.init_process_group("gloo")
    torch.manual_seed(seed)
    model, loss = network(), nn.CrossEntropyLoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    images, digits = data["images"][rank::hosts], data["digits"][rank::hosts]
    for epoch in range(epochs):
        optimizer.zero_grad()
        (loss(model(images), digits) / len(data["digits"])).backward()
        for parameter in model.parameters():
            if hosts > 1:
                distributed.all_reduce(parameter.grad)
        optimizer.step()
        print(f"host {rank} of {hosts}, epoch {epoch}: {len(digits)} digits")
    return model.state_dict()


def pipeline(rate: float = 0.5, epochs: int = 60, seed: int = 3):
    train_set, test_set = ingest(seed, test_count=360)
    return evaluate(train(train_set, rate, epochs, seed), test_set)
