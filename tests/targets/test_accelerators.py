import pytest

from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import StepSettings, Toleration
from headrace.targets.accelerators import Placement, place


def test_everything_that_a_step_asks_for_is_merged() -> None:
    toleration = Toleration(key="pool", value="gpu")
    settings = StepSettings(
        image="i",
        memory="2Gi",
        cpu="1",
        resources={"nvidia.com/gpu": "2", "memory": "4Gi"},
        accelerator="cpu",
        node_selector={"pool": "gpu"},
        tolerations=(toleration,),
    )
    placement = place(settings)
    assert list(placement.resources.items()) == [
        ("cpu", "1"),
        ("memory", "4Gi"),
        ("nvidia.com/gpu", "2"),
    ]
    assert placement.node_selector == {"pool": "gpu"}
    assert placement.tolerations == (toleration,)
    assert place(StepSettings(image="i")) == Placement()


def test_an_accelerator_that_nobody_can_place_is_our_mistake() -> None:
    with pytest.raises(InternalError, match="tpu-v5e"):
        place(StepSettings(image="i", accelerator="tpu-v5e"))
