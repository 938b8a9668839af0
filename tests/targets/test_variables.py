"""What is said of a variable that an engine would expand: once for each setting."""

import pytest

from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.registry import load_target
from headrace.compiler.settings import OwnAccelerator, PipelineSettings, StepSettings
from ir_nodes import call, pipeline


@pytest.mark.parametrize("target", ["argo", "kubeflow"])
def test_one_setting_is_one_finding(target: str) -> None:
    def found(*settings: StepSettings) -> list[Diagnostic]:
        steps = [call("f", id=f"f-{i}", settings=each) for i, each in enumerate(settings)]
        return list(load_target(target).check(pipeline(*steps)))

    default = StepSettings(image="i", env={"A": "{{b}}", "B": "{b}"})
    [all_steps] = found(*[default] * 5)
    assert (all_steps.code, all_steps.label) == ("HR513", "`env.A` of f-0, f-1, f-2 and 2 more")
    assert "the setting `env.A` contains '{{'" in all_steps.message
    assert all_steps.span == pipeline().span
    own = StepSettings(image="i", env={"A": "{{c}}", "B": "{{b}}"})
    labels = [finding.label for finding in found(default, own)]
    assert labels == ["`env.A` of f-0", "`env.A` of f-1", "`env.B` of f-1"]
    assert found(StepSettings(image="i", env={"A": "{b}"})) == []


@pytest.mark.parametrize("target", ["argo", "kubeflow"])
def test_variables_of_an_accelerator_are_looked_at_too(target: str) -> None:
    own = OwnAccelerator(resource="a/b", env={"A": "{{b}}"})
    settings = StepSettings(image="i", accelerator="ours")
    compiled = pipeline(call("f", settings=settings)).replace(
        settings=PipelineSettings(accelerators={"ours": own})
    )
    assert [d.code for d in load_target(target).check(compiled)] == ["HR513"]
