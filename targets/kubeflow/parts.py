"""DAGs that are too large for one driver: each part of one is a DAG component of its own.

Parts are runs of neighbours, so that a part needs earlier ones only, and an edit moves few tasks
from one part to another. A part starts when what it waits for has succeeded, other parts as a
whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.names import Names, parameter_name, task_names
from headrace.targets.kubeflow.scope import definitions
from headrace.targets.kubeflow.workflow import escaped

AROUND, INPUT, OUTPUT = 512, 48, 128
"""The most bytes of a part besides its tasks and all names; of an input, and of an output."""


class Made(NamedTuple):
    """An output of a task."""

    task: str
    key: str


Source: TypeAlias = str | Made
"""What a task reads: an input of its DAG, by name, or an output of another task."""


def is_too_long(component: manifest.Component, longest: int) -> bool:
    """Whether `component` is a DAG of more than `longest` bytes."""
    return component.dag is not None and _bytes(component) > longest


class Division:
    """A DAG, divided into parts of at most `longest` bytes.

    `made` are the outputs of each component, `kept` the tasks that stay in the DAG itself.
    """

    def __init__(
        self,
        component: manifest.Component,
        made: Mapping[str, manifest.Definitions | None],
        kept: Iterable[str],
        longest: int,
    ) -> None:
        """Decide which tasks go together; they stand in the order in which they run."""
        assert component.dag is not None
        self._component, self._made, self._tasks = component, made, component.dag.tasks
        self._outputs = _outputs(component.dag)
        self._reads = {name: _sources(task) for name, task in self._tasks.items()}
        self._runs = list(self._divided(set(kept), longest)) if self._is_plain else []
        names = task_names()
        own = {run[0]: names.take(run[0]) for run in self._runs if len(run) == 1}
        self._names = [own[run[0]] if len(run) == 1 else names.take("part") for run in self._runs]
        self._run_of = {task: number for number, run in enumerate(self._runs) for task in run}
        self._given = self._given_by_runs()

    @property
    def is_of_use(self) -> bool:
        """Whether there are several parts, and fewer than there were tasks."""
        return 1 < len(self._runs) < len(self._tasks)

    @property
    def _is_plain(self) -> bool:
        """Whether all tasks run once, when others have succeeded, and each output has one task."""
        return (
            all(
                task.trigger_policy is None
                and task.parameter_iterator is None
                and self._tasks.keys() >= set(task.dependent_tasks or ())
                for task in self._tasks.values()
            )
            and len(self._outputs) == self._output_count
        )

    @property
    def _output_count(self) -> int:
        declared = self._component.output_definitions
        return len(declared.parameters) if declared else 0

    # --- which tasks go together -----------------------------------------------------------------

    def _divided(self, kept: set[str], longest: int) -> Iterator[list[str]]:
        last_read = self._last_read()
        run = _Run()
        for number, (name, task) in enumerate(self._tasks.items()):
            given = last_read.get(name, {})
            size = run.bytes_with(number, name, task, self._reads[name])
            if run.tasks and (name in kept or size > longest):
                yield list(run.tasks)
                run = _Run()
            run.add(number, name, task, self._reads[name], given)
            if name in kept:
                yield list(run.tasks)
                run = _Run()
        if run.tasks:
            yield list(run.tasks)

    def _last_read(self) -> dict[str, dict[str, int]]:
        """Return, for each output that is read, the number of the last task that does."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for number, sources in enumerate(self._reads.values()):
            for made in _made(sources):
                found[made.task][made.key] = number
        for made in self._outputs.values():
            found[made.task][made.key] = len(self._tasks)
        return found

    def _given_by_runs(self) -> list[dict[Made, str]]:
        """Return the outputs of each run that are read outside it, and what they are called."""
        given: list[dict[Made, str]] = [{} for _ in self._runs]
        names = [Names("_") for _ in self._runs]
        reads = [(self._run_of[t], made) for t in self._run_of for made in _made(self._reads[t])]
        for reader, made in [*reads, *((len(self._runs), made) for made in self._outputs.values())]:
            run = self._run_of.get(made.task, reader)
            if run != reader and made not in given[run]:
                given[run][made] = names[run].take(_readable(made))
        return given

    # --- the parts -------------------------------------------------------------------------------

    def parts(self) -> Iterator[tuple[int, list[str], manifest.Component]]:
        """Yield the number, the tasks and the component of each part."""
        for number, run in enumerate(self._runs):
            if len(run) > 1:
                yield number, run, self._part(number)

    def _part(self, number: int) -> manifest.Component:
        inputs, outputs = self._inputs(number), self._given[number]
        tasks = {name: self._inside(name, number, inputs) for name in self._runs[number]}
        return manifest.Component(
            input_definitions=definitions({n: self._type(s) for s, n in inputs.items()}),
            output_definitions=definitions({n: self._type(m) for m, n in outputs.items()}),
            dag=manifest.Dag(
                tasks=tasks, outputs=_dag_outputs({name: made for made, name in outputs.items()})
            ),
        )

    def _inputs(self, number: int) -> dict[Source, str]:
        """Return what the tasks of a run read from outside it, and what its part calls that."""
        names, found = Names("_"), dict[Source, str]()
        for task in self._runs[number]:
            for source in self._reads[task].values():
                is_inside = isinstance(source, Made) and self._run_of[source.task] == number
                if not is_inside and source not in found:
                    found[source] = names.take(_readable(source))
        return found

    def _type(self, source: Source) -> manifest.ParameterType:
        declared, name = self._component.input_definitions, source
        if isinstance(source, Made):
            declared = self._made[self._tasks[source.task].component_ref.name]
            name = source.key
        assert declared is not None
        assert isinstance(name, str)
        return declared.parameters[name].parameter_type

    def _inside(self, name: str, number: int, inputs: Mapping[Source, str]) -> manifest.Task:
        """Return the task called `name` as it stands in the part of that number."""
        given = {
            key: manifest.InputParameter(component_input_parameter=inputs[source])
            for key, source in self._reads[name].items()
            if source in inputs
        }
        waits = (n for n in self._waits(name) if self._run_of[n] == number)
        return _changed(self._tasks[name], given, waits)

    def _waits(self, name: str) -> tuple[str, ...]:
        return self._tasks[name].dependent_tasks or ()

    # --- the DAG of the parts --------------------------------------------------------------------

    def component(self, names: Mapping[int, str]) -> manifest.Component:
        """Return the DAG of the parts, whose components are called `names`, by their numbers."""
        tasks = {
            self._names[number]: self._part_task(number, names[number])
            if number in names
            else self._beside(run[0])
            for number, run in enumerate(self._runs)
        }
        outputs = _dag_outputs({key: self._moved(made) for key, made in self._outputs.items()})
        dag = manifest.Dag(tasks=tasks, outputs=outputs)
        return self._component.replace(dag=dag)

    def _part_task(self, number: int, component: str) -> manifest.Task:
        inputs = {name: self._parameter(source) for source, name in self._inputs(number).items()}
        waits = (n for task in self._runs[number] for n in self._waits(task))
        others = dict.fromkeys(self._run_of[n] for n in waits if self._run_of[n] != number)
        return manifest.Task(
            task_info=manifest.TaskInfo(name=self._names[number]),
            component_ref=manifest.ComponentRef(name=component),
            inputs=manifest.TaskInputs(parameters=inputs) if inputs else None,
            dependent_tasks=tuple(self._names[run] for run in others) or None,
            caching_options=manifest.CachingOptions(enable_cache=False),
        )

    def _beside(self, name: str) -> manifest.Task:
        """Return the task called `name`, which is in no part, as it stands beside them."""
        given = {key: self._parameter(source) for key, source in self._reads[name].items()}
        waits = dict.fromkeys(self._names[self._run_of[n]] for n in self._waits(name))
        return _changed(self._tasks[name], given, waits)

    def _parameter(self, source: Source) -> manifest.InputParameter:
        if isinstance(source, str):
            return manifest.InputParameter(component_input_parameter=source)
        task, key = self._moved(source)
        output = manifest.TaskOutputParameter(producer_task=task, output_parameter_key=key)
        return manifest.InputParameter(task_output_parameter=output)

    def _moved(self, made: Made) -> Made:
        """Return what `made` is beside the parts."""
        run = self._run_of[made.task]
        if len(self._runs[run]) == 1:
            return made
        return Made(self._names[run], self._given[run][made])


class _Run:
    """Neighbours that are put together, and how many bytes they have as a part."""

    def __init__(self) -> None:
        """Start empty."""
        self.tasks: dict[str, None] = {}
        self._bytes = AROUND
        self._inputs: set[Source] = set()
        # The bytes of the outputs that are read later, by the number of the last task that does.
        self._open: dict[int, int] = defaultdict(int)

    def bytes_with(
        self, number: int, name: str, task: manifest.Task, reads: Mapping[str, Source]
    ) -> int:
        """Return the bytes when `task`, which is the one of that number, is added."""
        own = _bytes(task) + len(name) + len('"":,')
        new = sum(INPUT + len(_readable(source)) for source in self._new(reads))
        return self._bytes + own + new - self._open.get(number, 0)

    def add(
        self,
        number: int,
        name: str,
        task: manifest.Task,
        reads: Mapping[str, Source],
        last_read: Mapping[str, int],
    ) -> None:
        """Add `task`; `last_read` says which task is the last to read each of its outputs."""
        self._bytes = self.bytes_with(number, name, task, reads)
        self._inputs |= self._new(reads)
        self._open.pop(number, None)
        self.tasks[name] = None
        for key, last in last_read.items():
            size = OUTPUT + 3 * len(f"{name}_{key}")
            self._open[last] += size
            self._bytes += size

    def _new(self, reads: Mapping[str, Source]) -> set[Source]:
        """Return what of `reads` comes from outside, and is not read yet."""
        return {
            source
            for source in reads.values()
            if source not in self._inputs
            and not (isinstance(source, Made) and source.task in self.tasks)
        }


def _bytes(part: manifest.ManifestPart) -> int:
    """Return the bytes of the JSON of `part`; the engine leaves out a little of it."""
    return len(escaped(msgspec.json.encode(part).decode()).encode())


def _sources(task: manifest.Task) -> dict[str, Source]:
    """Return what each input of `task` reads; constants read nothing."""
    found: dict[str, Source] = {}
    for name, given in (task.inputs.parameters if task.inputs else {}).items():
        if given.component_input_parameter is not None:
            found[name] = given.component_input_parameter
        elif (made := given.task_output_parameter) is not None:
            found[name] = Made(made.producer_task, made.output_parameter_key)
    return found


def _made(sources: Mapping[str, Source]) -> list[Made]:
    return [source for source in sources.values() if isinstance(source, Made)]


def _readable(source: Source) -> str:
    """Return what an input or output that holds `source` is called when nothing else is."""
    if isinstance(source, str):
        return source
    return parameter_name(source.task if source.key == "out" else "_".join(source))


def _changed(
    task: manifest.Task, given: Mapping[str, manifest.InputParameter], waits: Iterable[str]
) -> manifest.Task:
    """Return `task` with other inputs `given`, waiting for the tasks `waits`."""
    changed = task.replace(dependent_tasks=tuple(waits) or None)
    if task.inputs is None:
        return changed
    parameters = {**task.inputs.parameters, **given}
    return changed.replace(inputs=manifest.TaskInputs(parameters=parameters))


def _outputs(dag: manifest.Dag) -> dict[str, Made]:
    selectors = {
        key: output.value_from_parameter
        for key, output in (dag.outputs.parameters if dag.outputs else {}).items()
    }
    return {k: Made(s.producer_subtask, s.output_parameter_key) for k, s in selectors.items() if s}


def _dag_outputs(outputs: Mapping[str, Made]) -> manifest.DagOutputs | None:
    if not outputs:
        return None
    return manifest.DagOutputs(
        parameters={
            name: manifest.DagOutput(
                value_from_parameter=manifest.ParameterSelector(
                    producer_subtask=made.task, output_parameter_key=made.key
                )
            )
            for name, made in outputs.items()
        }
    )
