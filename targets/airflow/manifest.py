"""The parts of an Airflow DAG file, as the emitter puts them together and the template writes them.

Texts named `...template` and the arguments of pods are rendered by Airflow with Jinja when a task
starts; everything else stands in the file as it is.
"""

from typing import Any, Literal

from msgspec import field

from headrace.compiler.frozen_struct import FrozenStruct, without_suffix
from headrace.compiler.settings import NodeRequirement, Toleration

TriggerRule = Literal["all_success", "none_failed", "all_done"]


class _Kind(FrozenStruct, tag=without_suffix("Task"), tag_field="kind"):
    """The base of what a DAG consists of: the template tells them apart by their `kind`."""

    @property
    def kind(self) -> str:
        """The lower-cased name of the class, without `Task`."""
        return str(self.__struct_config__.tag)


class Guard(FrozenStruct):
    """The task skips itself unless `output` of the task `task_id` is the text `expected`.

    `same_item` says that both tasks stand in one mapped group.
    """

    task_id: str
    output: str
    expected: Literal["true", "false"]
    same_item: bool = False


class Task(_Kind):
    """What every task has; `variable` is the name that the DAG file gives it."""

    task_id: str
    variable: str
    trigger_rule: TriggerRule
    guards: tuple[Guard, ...] = ()


class PodTask(Task):
    """A step or a compute node, run in a pod.

    `image`, `resources`, `startup_timeout` and `inline` (whether the code is mounted) are absent
    where they are those of the whole DAG; delays and timeouts are in seconds. `timeout` counts from
    the start of the task, and `active_deadline` from that of its pod. `pod` is what no argument of
    the operator is for, as JSON of Kubernetes, its texts as templates. `shared_memory` is the size
    of a volume at `/dev/shm`.
    """

    name: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    image: str | None = None
    inline: bool | None = None
    environment: tuple[tuple[str, str], ...] = ()
    retries: int = 0
    retry_delay: int = 0
    retry_factor: int = 1
    max_retry_delay: int | None = None
    timeout: int | None = None
    resources: tuple[tuple[str, str], ...] | None = None
    node_selector: tuple[tuple[str, str], ...] = ()
    node_terms: tuple[tuple[NodeRequirement, ...], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    shared_memory: str | None = None
    runtime_class: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    service_account: str | None = None
    priority_class: str | None = None
    scheduler: str | None = None
    pod: dict[str, Any] = field(default_factory=dict)
    startup_timeout: int | None = None
    active_deadline: int | None = None


class ListTask(Task):
    """A small task that returns the list a group is mapped over, from its JSON text."""

    template: str


class ChoiceTask(Task):
    """A small task in a mapped group that returns the texts which the group gives for one item."""

    templates: tuple[tuple[str, str], ...]


class StartTask(Task):
    """A small task that marks that a guarded block has started: only then its cleanup runs."""


class ResultTask(Task):
    """The last task of the run: it waits for all others and returns the pipeline's result."""

    template: str


class Edge(FrozenStruct):
    """The task `downstream` starts after those in `upstream`; all are variables."""

    upstream: tuple[str, ...]
    downstream: str


class Group(_Kind):
    """A mapped task group; `returns` are the variables of the tasks that later ones wait for."""

    group_id: str
    variable: str
    items: str
    source: str
    tasks: tuple[PodTask | ChoiceTask | StartTask, ...]
    edges: tuple[Edge, ...]
    returns: tuple[str, ...]


class RunParameter(FrozenStruct):
    """A parameter of a run: a text, JSON for those that the pipeline declares."""

    name: str
    default: str | None
    description: str


class DagSchedule(FrozenStruct):
    """When runs start by themselves; `cron` has five fields, read in `timezone`."""

    cron: str
    timezone: str


class Dag(FrozenStruct):
    """A whole DAG file; `image`, `resources` and `inline` are what most of its pods have.

    `volumes` has name, ConfigMap and folder of each volume that pods with mounted code have.
    """

    dag_id: str
    documentation: str
    source: str
    function: str
    code_digest: str
    image: str | None
    inline: bool
    volumes: tuple[tuple[str, str, str], ...]
    resources: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    parameters: tuple[RunParameter, ...]
    schedule: DagSchedule | None
    max_active_runs: int
    members: tuple[PodTask | ListTask | StartTask | ResultTask | Group, ...]
    edges: tuple[Edge, ...]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, those in groups too, in the order of the file."""
        found: list[Task] = []
        for member in self.members:
            found.extend(member.tasks if isinstance(member, Group) else (member,))
        return tuple(found)
