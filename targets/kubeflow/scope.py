"""What the tasks of one DAG can refer to, and how each reference is spelt there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import Retries
from headrace.runtime import wire
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.names import Names, parameter_name, task_names

Types: TypeAlias = Mapping[str, manifest.ParameterType]
"""The types of parameters, by name."""

STORE = ir.Param(name="headrace-store")
"""The run parameter that holds the URL of the artifact store; empty for none."""

ITEM = "item"
"""The input of a loop's body that holds the element."""


@dataclass(frozen=True)
class Callee:
    """A component as the DAGs that use it see it.

    `inputs` says which value of the pipeline each input receives, `outputs` which output holds each
    value that the component makes.
    """

    component: str
    inputs: Mapping[str, AnyReference]
    outputs: Mapping[AnyReference, str]
    retries: Retries = field(default_factory=Retries)


class ParameterTypes:
    """The type of each value: a text, or a list of texts where a loop reads or gathers one."""

    def __init__(self, pipeline: ir.Pipeline) -> None:
        """Find the lists of `pipeline`."""
        self._lists: set[AnyReference] = set()
        for node in reversed(list(dataflow.walk(pipeline.body))):  # what a node holds before it
            match node:
                case ir.Call() | ir.Compute():
                    self._lists |= {
                        ir.Output(node=node.id, name=output.name)
                        for output in node.outputs
                        if output.role == "items"
                    }
                case ir.Map() if constant_items(node):
                    self._lists |= {ir.Gather(map=node.id, name=g.name) for g in node.gathers}
                case ir.Guard():
                    self._lists |= {
                        ir.Merge(branch=node.id, name=exit.name)
                        for exit in node.exits
                        if exit.value in self._lists
                    }

    def of(self, reference: AnyReference) -> manifest.ParameterType:
        """Return the type of `reference`."""
        return "LIST" if reference in self._lists else "STRING"

    def of_all(self, references: Mapping[str, AnyReference]) -> dict[str, manifest.ParameterType]:
        """Return the type of each of `references`, by its name."""
        return {name: self.of(reference) for name, reference in references.items()}

    def add_lists(self, references: Iterable[AnyReference]) -> None:
        """Record that `references`, which stand in no pipeline, are lists."""
        self._lists |= set(references)


def constant_items(node: ir.Map) -> list[str] | None:
    """Return the marked texts that `node` runs over, if they are known at compile time."""
    return wire.split_items(node.items.text) if isinstance(node.items, ir.Const) else None


class Scope:
    """The inputs of a DAG, and what the tasks that stand in it so far make."""

    def __init__(
        self,
        types: ParameterTypes,
        closure: Iterable[AnyReference],
        *,
        preferred: Iterable[tuple[AnyReference, str]] = (),
        further: Types | None = None,
    ) -> None:
        """Give each reference of `closure` an input; `preferred` names some of them.

        `further` are inputs that no task reads.
        """
        self._further = further or {}
        self._types = types
        names = Names("_", taken=self._further)
        taken = {r: names.take(name) for r, name in preferred}
        self._inputs = {r: taken.get(r) or names.take(_readable(r)) for r in dict.fromkeys(closure)}
        self._made: dict[AnyReference, manifest.TaskOutputParameter] = {}

    @property
    def inputs(self) -> dict[str, AnyReference]:
        """The value of the pipeline that each input holds."""
        return {name: reference for reference, name in self._inputs.items()}

    @property
    def definitions(self) -> manifest.Definitions | None:
        """The inputs as the component declares them."""
        types = {n: self._types.of(r) for r, n in self._inputs.items()} | dict(self._further)
        return definitions(types)

    def add_task(self, task: str, callee: Callee) -> None:
        """Record that `task` runs `callee`."""
        for reference, key in callee.outputs.items():
            self._made[reference] = manifest.TaskOutputParameter(
                producer_task=task, output_parameter_key=key
            )

    def argument(self, reference: AnyReference) -> manifest.InputParameter:
        """Return what passes `reference` on to a task."""
        if isinstance(reference, ir.Const):
            return manifest.InputParameter(runtime_value=manifest.Constant(constant=reference.text))
        if reference in self._inputs:
            return manifest.InputParameter(component_input_parameter=self._inputs[reference])
        return manifest.InputParameter(task_output_parameter=self._output(reference))

    def selector(self, reference: AnyReference) -> manifest.ParameterSelector:
        """Return what makes `reference`, which a task of this DAG makes, an output of the DAG."""
        made = self._output(reference)
        return manifest.ParameterSelector(
            producer_subtask=made.producer_task, output_parameter_key=made.output_parameter_key
        )

    def _output(self, reference: AnyReference) -> manifest.TaskOutputParameter:
        if reference not in self._made:
            raise InternalError(f"no task gives {reference!r}")
        return self._made[reference]


class Graph:
    """The tasks of a DAG, as they are added."""

    def __init__(self, scope: Scope) -> None:
        """Start empty, with the inputs that `scope` has."""
        self.scope = scope
        self.tasks: dict[str, manifest.Task] = {}
        self._names = task_names()

    def add(
        self,
        wanted: str,
        callee: Callee,
        *,
        after: Iterable[str] = (),
        condition: str | None = None,
        iterator: manifest.ParameterIterator | None = None,
        further: Mapping[str, manifest.InputParameter] | None = None,
    ) -> str:
        """Add a task for `callee` under a name like `wanted`, and return its name.

        It starts when the tasks `after` and those that make its inputs have succeeded. `further`
        are inputs that it has besides those of `callee`.
        """
        name = self._names.take(wanted)
        inputs = dict(further or {})
        for parameter, value in callee.inputs.items():
            if iterator is None or parameter != iterator.item_input:
                inputs[parameter] = self.scope.argument(value)
        made = (i.task_output_parameter for i in inputs.values())
        needed = dict.fromkeys([*after, *(m.producer_task for m in made if m)])
        self.tasks[name] = manifest.Task(
            task_info=manifest.TaskInfo(name=name),
            component_ref=manifest.ComponentRef(name=callee.component),
            inputs=manifest.TaskInputs(parameters=inputs) if inputs else None,
            dependent_tasks=tuple(needed) or None,
            trigger_policy=manifest.TriggerPolicy(condition=condition) if condition else None,
            parameter_iterator=iterator,
            retry_policy=_retry_policy(callee.retries),
            caching_options=manifest.CachingOptions(enable_cache=False),
        )
        self.scope.add_task(name, callee)
        return name


def whatever_becomes_of(task: str) -> str:
    """Return what a task that follows `task` waits for, whether that one succeeds or fails.

    The backend hands it on to Argo, whose names of states it has.
    """
    return f"{task}.Failed || {task}.Errored || {task}"


FOR_EVER = "31536000s"
"""A year: Kubeflow bounds all attempts of a step together, which `Retries` does not."""


def _retry_policy(retries: Retries) -> manifest.RetryPolicy | None:
    if not retries.limit:
        return None
    longest = retries.delay if retries.max_delay is None else retries.max_delay
    return manifest.RetryPolicy(
        max_retry_count=retries.limit,
        backoff_duration=f"{min(retries.delay, longest)}s",
        backoff_factor=1,
        backoff_max_duration=FOR_EVER,
    )


def definitions(types: Types) -> manifest.Definitions | None:
    """Return the declaration of parameters with `types`, by name."""
    if not types:
        return None
    return manifest.Definitions(
        parameters={name: manifest.ParameterSpec(parameter_type=t) for name, t in types.items()}
    )


def reference(value: dataflow.AnyValue) -> AnyReference:
    """Return `value`, which is no glue.

    Raises:
        InternalError: it is.
    """
    if isinstance(value, ir.Glue):
        raise InternalError("glue left outside a step")
    return value


def _readable(reference: AnyReference) -> str:
    """Return what an input that holds `reference` is called when nothing else is."""
    match reference:
        case ir.Param():
            return reference.name if reference == STORE else parameter_name(reference.name)
        case ir.Item():
            # Not `item`: kfp.local takes an input of that name for the element of the inner loop.
            return parameter_name(f"{reference.map}_{ITEM}")
        case ir.Merge():
            return parameter_name(reference.name)
        case ir.Output() if reference.name == "out":
            return parameter_name(reference.node)
        case ir.Output():
            return parameter_name(f"{reference.node}_{reference.name}")
        case ir.Gather() if reference.name == "out":
            return parameter_name(reference.map)
        case ir.Gather():
            return parameter_name(reference.name)
        case _:
            raise InternalError(f"{reference!r} needs no input")
