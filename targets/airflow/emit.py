"""Turns a pipeline into the DAG file of Airflow 3."""

import builtins
import keyword
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeVar

from headrace.compiler import ir, pods
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import StepSettings
from headrace.runtime import wire
from headrace.targets.accelerators import Placement, place
from headrace.targets.airflow import manifest
from headrace.targets.airflow.graph import Arm, Graph, GraphTask
from headrace.targets.airflow.literals import (
    container_text,
    docstring_text,
    identifier,
    pod_name,
    python_list,
    template_text,
)
from headrace.targets.airflow.pods import has_plain_resources, rest_of
from headrace.targets.airflow.spelling import Spelling
from headrace.targets.airflow.templates import dag_template
from headrace.targets.asked_devices import device_variables
from headrace.targets.inline_code import FOLDERS, command, config_map_names, is_used
from headrace.targets.step_command import step_arguments

STORE_PARAMETER = "headrace_store"
"""The run parameter that takes the artifact store where the settings name none."""

XCOM_FILE = "/airflow/xcom/return.json"
"""Where the operator's sidecar reads what a pod returns."""

DEFAULT_ACTIVE_RUNS = 16
"""How many runs may overlap where nothing forbids it: Airflow's own default, written out."""

LONGEST_WAIT = 604_800
"""Seconds, a week, that a pod may wait in a queue until the task fails; elsewhere half an hour."""

_TAKEN = frozenset(
    (
        *dir(builtins),
        *(
            "DAG",
            "CODE",
            "CODE_MOUNTS",
            "CODE_VOLUMES",
            "ENVIRONMENT",
            "CronTriggerTimetable",
            "KubernetesPodOperator",
            "Param",
        ),
        *("RetryOtherFaults", "RetryDecision", "RetryPolicy", "AirflowSkipException", "all_of"),
        *("chosen_values", "dag", "item", "json", "k8s", "list_items", "only_if"),
        *("result_of_run", "started", "task", "task_group", "timedelta"),
    )
)
"""Names that the file itself uses, or may use."""


def file_name(pipeline: ir.Pipeline) -> str:
    """Return the name of the DAG file of `pipeline`."""
    return f"{identifier(pipeline.name)}.py"


def build(pipeline: ir.Pipeline) -> manifest.Dag:
    """Return the DAG of `pipeline`."""
    return _Builder(pipeline).dag()


def write(dag: manifest.Dag) -> str:
    """Return the text of the DAG file."""
    commands = {inline: python_list(command(inline=inline)) for inline in (True, False)}
    return dag_template().render(dag=dag, commands=commands, **_needs(dag))


def _needs(dag: manifest.Dag) -> dict[str, bool]:
    """Return what the file needs besides its tasks, by the name that the template tests."""
    pods = [task for task in dag.tasks if isinstance(task, manifest.PodTask)]
    guards = [task.guards for task in dag.tasks if task.guards]
    return {
        "pods": bool(pods),
        "timed": any(pod.timeout or pod.retries for pod in pods),
        "retried": any(pod.retries for pod in pods),
        "placed": bool(dag.resources or dag.volumes) or any(_uses_models(pod) for pod in pods),
        "guarded": bool(guards),
        "doubly_guarded": any(len(each) > 1 for each in guards),
        "same_item": any(guard.same_item for each in guards for guard in each),
        "groups": any(isinstance(member, manifest.Group) for member in dag.members),
        "starts": any(isinstance(task, manifest.StartTask) for task in dag.tasks),
        "chooses": any(isinstance(task, manifest.ChoiceTask) for task in dag.tasks),
        "renamed": any(task.variable != task.task_id for task in dag.tasks),
    }


def _uses_models(pod: manifest.PodTask) -> bool:
    """Whether `pod` is told something by the models of the Kubernetes client."""
    told = (pod.resources, pod.tolerations, pod.node_terms, pod.shared_memory, pod.runtime_class)
    return any(told)


class _Builder:
    def __init__(self, pipeline: ir.Pipeline) -> None:
        self._pipeline = pipeline
        self._graph = Graph(pipeline)
        steps = [n for n in self._graph.nodes.values() if isinstance(n, ir.Call | ir.Compute)]
        self._image = _most_common(step.settings.image for step in steps)
        settings = {id(step.settings): step.settings for step in steps}  # steps share them
        self._placements = {k: place(each, pipeline.settings) for k, each in settings.items()}
        known = {
            key: _resources(self._placements[key].applied(each), self._placements[key])
            for key, each in settings.items()
        }
        self._inline = _most_common(step.settings.code == "inline" for step in steps) or False
        self._resources = _most_common(known[id(step.settings)] for step in steps) or ()
        self._settings: dict[int, dict[str, Any]] = {}
        self._variables = self._name_variables()
        self._tasks: dict[str | None, list[GraphTask]] = defaultdict(list)
        self._waiting: dict[str, set[str | None]] = defaultdict(set)
        """For each task the maps, or None, in which a task waits for it."""
        for task in self._graph.tasks.values():
            self._tasks[task.map_id].append(task)
            for before in task.upstream:
                self._waiting[before].add(task.map_id)

    def _name_variables(self) -> dict[str, str]:
        """Return a Python name for each task and each group, by id."""
        names: dict[str, str] = {}
        taken = set(_TAKEN)
        for id_ in (*self._graph.tasks, *self._graph.maps):
            name = identifier(id_)
            while name in taken or keyword.iskeyword(name):
                name += "_"
            taken.add(name)
            names[id_] = name
        return names

    def dag(self) -> manifest.Dag:
        pipeline = self._pipeline
        schedule = pipeline.settings.schedule
        overlapping = schedule is None or schedule.overlap == "allow"
        return manifest.Dag(
            dag_id=pipeline.name,
            documentation=docstring_text(pipeline.doc),
            source=str(pipeline.span),
            function=pipeline.function,
            code_digest=pipeline.code.digest,
            image=None if self._image is None else template_text(self._image),
            inline=self._inline,
            volumes=_volumes(pipeline),
            resources=self._resources,
            environment=tuple(self._environment()),
            parameters=tuple(self._parameters()),
            schedule=manifest.DagSchedule(cron=schedule.cron, timezone=schedule.timezone)
            if schedule
            else None,
            max_active_runs=DEFAULT_ACTIVE_RUNS if overlapping else 1,
            members=tuple(self._members()),
            edges=tuple(self._edges(None)),
        )

    def _environment(self) -> Iterator[tuple[str, str]]:
        store = self._pipeline.settings.store
        yield "HEADRACE_MODULES", ",".join(self._pipeline.code.modules)
        if self._pipeline.code.imported_first is not None:
            yield "HEADRACE_IMPORT", self._pipeline.code.imported_first
        if store is not None:
            yield "HEADRACE_STORE", container_text(store)
        else:
            template = f'{{{{ params["{STORE_PARAMETER}"] | replace("$", "$$") }}}}'
            yield "HEADRACE_STORE", template

    def _parameters(self) -> Iterator[manifest.RunParameter]:
        for parameter in self._pipeline.parameters:
            annotation = f": {parameter.annotation}" if parameter.annotation else ""
            yield manifest.RunParameter(
                name=parameter.name,
                default=None if parameter.default is None else parameter.default.text,
                description=f"{parameter.name}{annotation}, as JSON",
            )
        if self._pipeline.settings.store is None:
            yield manifest.RunParameter(
                name=STORE_PARAMETER, default="", description="URL of the artifact store"
            )

    # --- tasks -----------------------------------------------------------------------------------

    def _members(
        self,
    ) -> Iterator[
        manifest.PodTask
        | manifest.ListTask
        | manifest.StartTask
        | manifest.ResultTask
        | manifest.Group
    ]:
        for map_id, tasks in groupby(self._graph.tasks.values(), key=lambda task: task.map_id):
            if map_id is None:
                yield from (self._outer_task(task) for task in tasks)
            else:
                yield self._group(map_id, list(tasks))

    def _outer_task(
        self, task: GraphTask
    ) -> manifest.PodTask | manifest.ListTask | manifest.StartTask | manifest.ResultTask:
        spelling = Spelling(self._graph, task)
        if task.purpose == "result":
            return manifest.ResultTask(
                **self._common(task), template=spelling.marked(self._pipeline.result)
            )
        if task.purpose == "start":
            return manifest.StartTask(**self._common(task))
        if isinstance(task.node, ir.Map):
            return manifest.ListTask(**self._common(task), template=_items(task.node, spelling))
        return self._pod(task)

    def _group(self, map_id: str, tasks: list[GraphTask]) -> manifest.Group:
        node = self._graph.maps[map_id]
        return manifest.Group(
            group_id=map_id,
            variable=self._variables[map_id],
            items=self._variables[self._graph.list_ids[map_id]],
            source=str(node.span),
            tasks=tuple(self._inner_task(node, task) for task in tasks),
            edges=tuple(self._edges(map_id)),
            returns=tuple(
                self._variables[t.task_id]
                for t in tasks
                if self._waiting.get(t.task_id, set()) - {map_id}
            ),
        )

    def _inner_task(
        self, node: ir.Map, task: GraphTask
    ) -> manifest.PodTask | manifest.ChoiceTask | manifest.StartTask:
        if task.purpose == "choice":
            return self._choice(node, task)
        if task.purpose == "start":
            return manifest.StartTask(**self._common(task))
        return self._pod(task)

    def _choice(self, node: ir.Map, task: GraphTask) -> manifest.ChoiceTask:
        spelling = Spelling(self._graph, task)
        templates = ((c.name, spelling.marked(c.value)) for c in self._graph.chosen(node))
        return manifest.ChoiceTask(**self._common(task), templates=tuple(templates))

    def _common(self, task: GraphTask) -> dict[str, Any]:
        return {
            "task_id": task.task_id,
            "variable": self._variables[task.task_id],
            "trigger_rule": self._graph.trigger_rule(task),
            "guards": tuple(self._guard(task, arm) for arm in self._graph.guards(task)),
        }

    def _guard(self, task: GraphTask, arm: Arm) -> manifest.Guard:
        return manifest.Guard(
            task_id=arm.condition.node,
            output=arm.condition.name,
            expected=arm.expected,
            same_item=self._graph.tasks[arm.condition.node].map_id is not None,
        )

    def _pod(self, task: GraphTask) -> manifest.PodTask:
        node = task.node
        if not isinstance(node, ir.Call | ir.Compute):
            raise InternalError(f"{task.task_id} is not a step")
        key = id(node.settings)  # shared by steps that have no settings of their own
        if key not in self._settings:
            self._settings[key] = self._settings_of_pod(node.settings)
        return manifest.PodTask(
            **self._common(task),
            name=pod_name(f"{self._pipeline.name}-{node.id}"),
            arguments=tuple(self._arguments(node, Spelling(self._graph, task))),
            outputs=tuple(output.name for output in node.outputs),
            source=str(node.span),
            **self._settings[key],
        )

    def _settings_of_pod(self, settings: StepSettings) -> dict[str, Any]:
        placement = self._placements[id(settings)]
        limited = settings.retries.limit > 0
        settings = placement.applied(settings)
        # An argument of the operator replaces the whole affinity that `pod` has, too.
        joined = "affinity" in settings.pod
        made = pods.pod(settings, placement.resources, placement.affinity() if joined else None)
        resources = _resources(settings, placement)
        inline = settings.code == "inline"
        queued = settings.queue is not None
        return {
            "inline": None if inline == self._inline else inline,
            "image": template_text(settings.image) if settings.image != self._image else None,
            "environment": _pairs(
                {
                    **{v["name"]: v["value"] for v in pods.environment(settings)},
                    **device_variables(settings, placement),
                }
            ),
            "retries": settings.retries.limit,
            "retry_delay": settings.retries.delay if limited else 0,
            "retry_factor": settings.retries.factor,
            "max_retry_delay": settings.retries.max_delay if limited else None,
            # The wait in a queue is not a part of the step, so there the pod keeps the time.
            "timeout": None if queued else settings.timeout,
            "active_deadline": settings.timeout if queued else None,
            "startup_timeout": LONGEST_WAIT if queued else None,
            "resources": None if resources == self._resources else resources,
            "node_selector": _pairs(placement.node_selector),
            "node_terms": () if joined else placement.node_terms,
            "tolerations": placement.tolerations,
            "shared_memory": placement.shared_memory,
            "runtime_class": placement.runtime_class,
            "labels": _pairs(pods.labels(settings)),
            "annotations": _pairs(pods.annotations(settings)),
            "service_account": settings.service_account,
            "priority_class": settings.priority_class,
            "scheduler": settings.scheduler,
            "pod": rest_of(made),
        }

    def _arguments(self, node: ir.Call | ir.Compute, spelling: Spelling) -> list[str]:
        plain = [output.name for output in node.outputs if output.expression is None]
        options = [f"--xcom={XCOM_FILE}", *(f"--declare={name}" for name in plain)]
        step, *rest = step_arguments(node, spelling.argument)
        return [step, *options, *rest]

    # --- edges -----------------------------------------------------------------------------------

    def _edges(self, map_id: str | None) -> Iterator[manifest.Edge]:
        """Yield the edges to the tasks in the group `map_id`, or to those in none."""
        for task in self._tasks[map_id]:
            if task.upstream:
                upstream = tuple(self._variables[id_] for id_ in task.upstream)
                yield manifest.Edge(upstream=upstream, downstream=self._variables[task.task_id])


_T = TypeVar("_T")


def _most_common(values: Iterable[_T]) -> _T | None:
    """Return the value that there is most of, the first of several; nothing if there is none."""
    return next((value for value, _ in Counter(values).most_common(1)), None)


def _resources(settings: StepSettings, placement: Placement) -> tuple[tuple[str, str], ...]:
    """Return the resources that are an argument of the operator, if `pod` changes none."""
    resources = placement.resources
    if settings.pod and not has_plain_resources(pods.pod(settings, resources)):
        return ()
    return tuple(resources.items())


def _volumes(pipeline: ir.Pipeline) -> tuple[tuple[str, str, str], ...]:
    if not is_used(pipeline):
        return ()
    names = config_map_names(pipeline)
    return tuple((volume, name, FOLDERS[volume]) for volume, name in names.items())


def _pairs(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return `texts` with the values as templates that Jinja renders to them."""
    return tuple((name, template_text(value)) for name, value in texts.items())


def _items(node: ir.Map, spelling: Spelling) -> str:
    if isinstance(node.items, ir.Const):
        return wire.encode(wire.split_items(node.items.text))
    if isinstance(node.items, ir.Output | ir.Gather):
        return spelling.bare(node.items)
    raise InternalError(f"the items of {node.id} are neither constant nor an output")
