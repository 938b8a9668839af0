"""Tensors, modules and state dictionaries of torch pass through the store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.runtime import wire
from headrace.runtime.changes import changed, fingerprints
from headrace.runtime.codecs import Artifacts, codec_of
from headrace.runtime.store import open_store

pytestmark = pytest.mark.torch


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "copies").mkdir()
    return Artifacts(open_store(str(tmp_path / "store")), lambda: str(tmp_path / "copies"))


def moved(artifacts: Artifacts, value: object) -> Any:
    return wire.decode(wire.encode(value, artifacts), artifacts)


def test_tensors_come_back(artifacts: Artifacts) -> None:
    import torch

    whole = torch.arange(100_000, dtype=torch.float32)
    for value in (
        whole,
        torch.tensor(1.5, dtype=torch.bfloat16),
        torch.ones(2, requires_grad=True),
        torch.nn.Parameter(torch.zeros(3)),
        whole.reshape(10, -1).T,
    ):
        back = moved(artifacts, value)
        assert codec_of(value) == "torch"
        assert type(back) is type(value)
        assert back.dtype == value.dtype
        assert back.requires_grad == value.requires_grad
        assert torch.equal(back, value)
    view = artifacts.save(whole[:2])
    assert view["size"] < 10_000  # not the hundred thousand numbers that it is a view of


def test_a_state_dictionary_is_one_object_without_pickled_classes(artifacts: Artifacts) -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state = model.state_dict()
    text = wire.encode(state, artifacts)
    assert '"codec": "torch"' in text
    back = wire.decode(text, artifacts)
    assert type(back) is type(state)
    assert list(back) == list(state)
    assert all(torch.equal(back[name], state[name]) for name in state)
    copy = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    copy.load_state_dict(back)
    whole = moved(artifacts, model)
    inputs = torch.ones(4, 2)
    assert torch.equal(whole.eval()(inputs), model.eval()(inputs))


def test_a_tensor_that_is_changed_in_place_is_seen(artifacts: Artifacts) -> None:
    import torch

    changes: list[Callable[[Any], Any]] = [
        lambda value: value["t"].add_(1),
        lambda value: value["s"]["w"].zero_(),
        lambda value: value["t"].numpy().__setitem__(0, 7),
    ]
    for change in changes:
        value = {"t": torch.ones(3), "s": {"w": torch.ones(2)}}
        before = fingerprints({"value": value})
        value["t"].sum()
        assert changed(before, {"value": value}) == []
        change(value)
        assert changed(before, {"value": value}) == ["value"]
