import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from argo_pipelines import PIPELINES
from headrace.compiler.diagnostics import InternalError
from headrace.targets.kubeflow.dags import Lowering
from headrace.targets.kubeflow.emit import pipeline_spec, platform_spec
from headrace.targets.kubeflow.verify import verify


def documents(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    lowering = Lowering(PIPELINES[name])
    spec = pipeline_spec(PIPELINES[name], lowering).document()
    copied: list[dict[str, Any]] = json.loads(
        json.dumps([spec, platform_spec(lowering).document()])
    )
    return copied[0], copied[1]


@pytest.mark.parametrize("name", [name for name in PIPELINES if name != "empty"])
def test_what_the_target_makes_passes(name: str) -> None:
    verify(*documents(name))


def replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {k: replaced(v, old, new) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(v, old, new) for v in value]
    return value.replace(old, new) if isinstance(value, str) else value


TEXT_BREAKS = [
    ("chain", "{{$.inputs.parameters['lr']}}", "{{$.inputs.parameters['rate']}}"),
    ("chain", "{{$.inputs.parameters['lr']}}", "{{$.inputs.parameters['lr'].output_file}}"),
    ("chain", "{{$.inputs.parameters['lr']}}", "{{inputs.parameters.lr}}"),
    ("chain", "{{$.inputs.parameters['lr']}}", "*{{$.inputs.parameters['lr']}}"),
    ("chain", "--seed=7", "--seed=$(SEED)"),
    ("chain", "sha256:", "{{=1}}"),
    ("chain", "{{$.outputs.parameters['out'].output_file}}", "/tmp/out"),
    ("chain", "--step=train", "--step={{$.outputs.parameters['out'].output_file}}"),
    ("items_map", "*{{$.inputs.parameters['scores']}}", "{{$.inputs.parameters['scores']}}"),
    ("branches", "inputs.parameter_values['condition']", "inputs.parameter_values['test']"),
    ("branches", "inputs.parameter_values['condition']", "inputs.parameters['condition']"),
    ("items_map", "inputs.parameter_values['items'] != []", "parseJson('true')"),
    ("constant_map", '["=0.1", "=\\"\\\\u007ba}\\"", "=[1, 2]"]', "[]"),
]


@pytest.mark.parametrize(("name", "old", "new"), TEXT_BREAKS)
def test_a_text_that_an_engine_cannot_read_is_refused(name: str, old: str, new: str) -> None:
    spec, platform = documents(name)
    broken = replaced(spec, old, new)
    assert broken != spec
    with pytest.raises(InternalError, match=f"manifest of '{PIPELINES[name].name}'"):
        verify(broken, platform)


def tasks(spec: dict[str, Any], component: str) -> dict[str, Any]:
    owner = spec["root"] if component == "root" else spec["components"][component]
    found: dict[str, Any] = owner["dag"]["tasks"]
    return found


def _drop_component(spec: dict[str, Any]) -> None:
    del spec["components"]["comp-ingest"]


def _drop_executor(spec: dict[str, Any]) -> None:
    del spec["deploymentSpec"]["executors"]["exec-ingest"]


def _unused_component(spec: dict[str, Any]) -> None:
    del tasks(spec, "root")["pick"]
    spec["root"]["dag"]["outputs"] = {}
    del spec["root"]["outputDefinitions"]


def _same_container(spec: dict[str, Any]) -> None:
    executors = spec["deploymentSpec"]["executors"]
    executors["exec-ingest"] = executors["exec-pick"]


def _body_of_two_loops(spec: dict[str, Any]) -> None:
    loops = tasks(spec, "comp-models")
    loops["again"] = copy.deepcopy(loops["each"])


def _recursion(spec: dict[str, Any]) -> None:
    tasks(spec, "comp-models")["each"]["componentRef"]["name"] = "comp-models"


def _container_as_body(spec: dict[str, Any]) -> None:
    tasks(spec, "comp-models")["each"]["componentRef"]["name"] = "comp-train"


def _loop_under_a_condition(spec: dict[str, Any]) -> None:
    condition = "inputs.parameter_values['ingest'] == 'true'"
    tasks(spec, "comp-models")["each"]["triggerPolicy"] = {"condition": condition}


def _retry_of_a_dag(spec: dict[str, Any]) -> None:
    tasks(spec, "root")["models"]["retryPolicy"] = {"maxRetryCount": 1}


def _no_tasks(spec: dict[str, Any]) -> None:
    spec["components"]["comp-models"]["dag"]["tasks"] = {}


def _missing_input(spec: dict[str, Any]) -> None:
    del tasks(spec, "root")["pick"]["inputs"]["parameters"]["models"]


def _unknown_input(spec: dict[str, Any]) -> None:
    parameters = tasks(spec, "root")["pick"]["inputs"]["parameters"]
    parameters["extra"] = {"componentInputParameter": "headrace-store"}


def _unknown_own_input(spec: dict[str, Any]) -> None:
    parameters = tasks(spec, "root")["pick"]["inputs"]["parameters"]
    parameters["headrace-store"] = {"componentInputParameter": "store"}


def _unknown_output(spec: dict[str, Any]) -> None:
    source = tasks(spec, "root")["pick"]["inputs"]["parameters"]["models"]["taskOutputParameter"]
    source["outputParameterKey"] = "models"


def _list_as_text(spec: dict[str, Any]) -> None:
    parameters = spec["components"]["comp-pick"]["inputDefinitions"]["parameters"]
    parameters["models"]["parameterType"] = "STRING"


def _no_dependency(spec: dict[str, Any]) -> None:
    del tasks(spec, "root")["pick"]["dependentTasks"]


def _circle(spec: dict[str, Any]) -> None:
    tasks(spec, "root")["ingest"]["dependentTasks"] = ["pick"]


def _driver_name(spec: dict[str, Any]) -> None:
    all_tasks = tasks(spec, "root")
    all_tasks["pick-driver"] = all_tasks.pop("ingest")


def _upper_case(spec: dict[str, Any]) -> None:
    spec["components"]["comp-Pick"] = spec["components"].pop("comp-pick")
    tasks(spec, "root")["pick"]["componentRef"]["name"] = "comp-Pick"


def _gather_under_another_name(spec: dict[str, Any]) -> None:
    body = spec["components"]["comp-models-each"]
    for holder in (body["outputDefinitions"], body["dag"]["outputs"]):
        holder["parameters"]["models"] = holder["parameters"].pop("out")
    output = spec["components"]["comp-models"]["dag"]["outputs"]["parameters"]["out"]
    output["valueFromParameter"]["outputParameterKey"] = "models"


def _undeclared_output(spec: dict[str, Any]) -> None:
    del spec["root"]["outputDefinitions"]


BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "task 'ingest': there is no component 'comp-ingest'": _drop_component,
    "no executor 'exec-ingest'": _drop_executor,
    "component 'comp-pick' is never used": _unused_component,
    "have the same container": _same_container,
    "'comp-models-each' is the body of a loop and used twice": _body_of_two_loops,
    "component 'comp-models' uses itself": _recursion,
    "the body of a loop is no DAG": _container_as_body,
    "a loop under a condition": _loop_under_a_condition,
    "retries a DAG": _retry_of_a_dag,
    "has no task": _no_tasks,
    "input 'models' is not given": _missing_input,
    "there is no input 'extra'": _unknown_input,
    "receives 'store', which the DAG does not have": _unknown_own_input,
    "receives 'models', which 'models' does not make": _unknown_output,
    "input 'models' receives LIST": _list_as_text,
    "receives an output of 'models', for which it does not wait": _no_dependency,
    "task 'ingest' waits for ever": _circle,
    "'pick' is not a legal name of a task": _driver_name,
    "not a name that a component may carry": _upper_case,
    "a loop cannot gather train.out": _gather_under_another_name,
    "does not declare the outputs that it has": _undeclared_output,
}


@pytest.mark.parametrize("message", BREAKS)
def test_a_broken_structure_is_refused(message: str) -> None:
    spec, platform = documents("constant_map")
    BREAKS[message](spec)
    with pytest.raises(InternalError, match=re.escape(message)):
        verify(spec, platform)


def _one_arm(spec: dict[str, Any]) -> None:
    output = spec["components"]["comp-ship"]["dag"]["outputs"]["parameters"]["url"]
    del output["valueFromOneof"]["parameterSelectors"][0]


def _arm_that_is_a_dag(spec: dict[str, Any]) -> None:
    output = spec["components"]["comp-ship"]["dag"]["outputs"]["parameters"]["note"]
    selector = output["valueFromOneof"]["parameterSelectors"][1]
    selector.update(producerSubtask="otherwise", outputParameterKey="alert_out")


def _arm_without_a_condition(spec: dict[str, Any]) -> None:
    del tasks(spec, "comp-ship")["otherwise"]["triggerPolicy"]


def _output_of_an_arm(spec: dict[str, Any]) -> None:
    output = spec["components"]["comp-ship"]["dag"]["outputs"]["parameters"]["note"]
    output["valueFromParameter"] = output.pop("valueFromOneof")["parameterSelectors"][0]


BRANCH_BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "output 'url': has one arm only": _one_arm,
    "takes an arm from 'otherwise', which is no container": _arm_that_is_a_dag,
    "takes an arm from 'otherwise-pass', which always runs": _arm_without_a_condition,
    "comes from 'then-pass', which may not run": _output_of_an_arm,
}


@pytest.mark.parametrize("message", BRANCH_BREAKS)
def test_a_broken_merge_is_refused(message: str) -> None:
    spec, platform = documents("branches")
    BRANCH_BREAKS[message](spec)
    with pytest.raises(InternalError, match=re.escape(message)):
        verify(spec, platform)


def test_a_platform_for_an_executor_that_is_not_there_is_refused() -> None:
    spec, platform = documents("chain")
    configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    configs["exec-tain"] = configs.pop("exec-train")
    with pytest.raises(InternalError, match="no executor 'exec-tain'"):
        verify(spec, platform)
