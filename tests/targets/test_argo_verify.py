import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from argo_pipelines import PIPELINES
from headrace.compiler.diagnostics import InternalError
from headrace.targets.argo.emit import Lowered
from headrace.targets.argo.verify import verify


def document(name: str) -> dict[str, Any]:
    (only,) = Lowered.of(PIPELINES[name]).documents
    read: dict[str, Any] = json.loads(json.dumps(only))
    return read


@pytest.mark.parametrize("name", PIPELINES)
def test_what_the_target_makes_passes(name: str) -> None:
    verify([document(name)])


def replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {k: replaced(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, old, new) for v in value]
    return value.replace(old, new) if isinstance(value, str) else value


TEXT_BREAKS = [
    ("chain", "{{tasks.train.outputs.parameters.out}}", "{{tasks.train.outputs.parameters.y}}"),
    ("chain", "{{tasks.ingest.outputs", "{{tasks.ingest-2.outputs"),
    ("chain", "ingest.Succeeded", "ingest-2.Succeeded"),
    ("chain", "ingest.Succeeded", "ingest"),
    ("chain", "ingest.Succeeded", "evaluate.Succeeded"),
    ("chain", "train.Succeeded", "ingest.Succeeded"),
    ("chain", "{{inputs.parameters.lr}}", "{{inputs.parameters.rate}}"),
    ("chain", "{{workflow.parameters.headrace-code}}", "{{workflow.parameters.code}}"),
    ("chain", "{{inputs.parameters.lr}}", "{{inputs.parameters.lr"),
    ("chain", "{{inputs.parameters.lr}}", "{{item}}"),
    ("chain", "--output=out=", "--output=y="),
    ("items_map", "{{inputs.parameters.items}}", "[{{inputs.parameters.items}}]"),
    ("items_map", "tasks['each']", "tasks['all']"),
    ("items_map", " ?? '[]'", ""),
    ("constant_map", "=0.1", "{{tasks.ingest.outputs.parameters.out}}"),
    ("branches", "inputs.parameters.condition ==", "inputs.parameters.test =="),
    ("branches", "{{=inputs.parameters.condition == 'true'}}", "{{inputs.parameters.condition}}"),
    ("branches", "tasks['then'].status", "tasks['other'].status"),
    ("branches", "tasks['then'].outputs.parameters.out ??", "tasks.then-x.outputs ??"),
    ("branches", " ?? '')", ")"),
    ("branches", "'=null'", "null"),
    ("configured", "lastRetry.exitCode", "lastRetry.exitcode"),
]


@pytest.mark.parametrize(("name", "old", "new"), TEXT_BREAKS)
def test_a_reference_to_something_absent_is_refused(name: str, old: str, new: str) -> None:
    with pytest.raises(InternalError, match=f"manifest of '{PIPELINES[name].name}'"):
        verify([replaced(document(name), old, new)])


def _rename_template(spec: dict[str, Any]) -> None:
    spec["templates"][1]["name"] = "other"


def _upper_case(spec: dict[str, Any]) -> None:
    spec["templates"][1]["name"] = spec["templates"][0]["dag"]["tasks"][0]["template"] = "Ingest"


def _drop_template(spec: dict[str, Any]) -> None:
    del spec["templates"][1]


def _repeat_template(spec: dict[str, Any]) -> None:
    spec["templates"].append(copy.deepcopy(spec["templates"][1]))


def _two_kinds(spec: dict[str, Any]) -> None:
    spec["templates"][1]["suspend"] = {"duration": "0"}


def _recursion(spec: dict[str, Any]) -> None:
    spec["templates"][0]["dag"]["tasks"][0]["template"] = spec["entrypoint"]


def _no_entrypoint(spec: dict[str, Any]) -> None:
    spec["entrypoint"] = "main"


def _missing_argument(spec: dict[str, Any]) -> None:
    del spec["templates"][0]["dag"]["tasks"][1]["arguments"]


def _unknown_argument(spec: dict[str, Any]) -> None:
    argument = {"name": "extra", "value": "1"}
    spec["templates"][0]["dag"]["tasks"][1]["arguments"]["parameters"].append(argument)


def _undeclared_parameter(spec: dict[str, Any]) -> None:
    del spec["arguments"]["parameters"][0]


def _no_tasks(spec: dict[str, Any]) -> None:
    spec["templates"][0]["dag"]["tasks"] = []


def _repeat_task(spec: dict[str, Any]) -> None:
    tasks = spec["templates"][0]["dag"]["tasks"]
    tasks.append(copy.deepcopy(tasks[0]))


def _condition_on_a_task_that_is_read(spec: dict[str, Any]) -> None:
    spec["templates"][0]["dag"]["tasks"][0]["when"] = "false"


def _empty_constant_loop(spec: dict[str, Any]) -> None:
    spec["templates"][0]["dag"]["tasks"][2]["withItems"] = []


BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "there is no template 'ingest'": _rename_template,
    "not a name that a pod may carry": _upper_case,
    "template 'digits': task 'ingest': there is no template": _drop_template,
    "two templates 'ingest'": _repeat_template,
    "has 2 of dag, container, suspend": _two_kinds,
    "template 'digits' calls itself": _recursion,
    "no entrypoint 'main'": _no_entrypoint,
    "task 'train': input 'data' is not given": _missing_argument,
    "there is no input 'extra'": _unknown_argument,
    "reads run parameter 'lr', which is not declared": _undeclared_parameter,
    "has no task": _no_tasks,
    "two tasks 'ingest'": _repeat_task,
    "nothing gives 'tasks.ingest.outputs.parameters.out' here": _condition_on_a_task_that_is_read,
    "over an empty list of constants": _empty_constant_loop,
}


@pytest.mark.parametrize("message", BREAKS)
def test_a_broken_structure_is_refused(message: str) -> None:
    broken = document("chain")
    broken = copy.deepcopy({**broken, "spec": _lists(broken["spec"])})
    BREAKS[message](broken["spec"])
    with pytest.raises(InternalError, match=re.escape(message)):
        verify([broken])


def _lists(value: Any) -> Any:
    """Tuples as lists, so that they can be changed."""
    if isinstance(value, dict):
        return {k: _lists(v) for k, v in value.items()}
    return [_lists(v) for v in value] if isinstance(value, list | tuple) else value
