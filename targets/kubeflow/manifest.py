"""The parts of the pipeline IR that are used here, typed; fields stand in the order of the file.

The fields are those of the JSON form of two protobuf messages of Kubeflow Pipelines:
https://github.com/kubeflow/pipelines/blob/master/api/v2alpha1/pipeline_spec.proto
https://github.com/kubeflow/pipelines/blob/master/kubernetes_platform/proto/kubernetes_executor_config.proto
"""

from typing import Any, Literal, TypeAlias

import msgspec

from headrace.compiler.frozen_struct import FrozenStruct

ParameterType: TypeAlias = Literal["STRING", "LIST"]
"""Every value is a text; only what a loop reads or gathers is a list of texts."""


class ManifestPart(FrozenStruct, rename="camel", omit_defaults=True):
    """The base of all parts: snake case here, camel case in the file; no default but None."""

    def document(self) -> dict[str, Any]:
        """Return the part as it stands in the file; what is None is left out."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


# --- components ----------------------------------------------------------------------------------


class ParameterSpec(ManifestPart):
    """An input or an output of a component; only inputs of the root have a default."""

    parameter_type: ParameterType
    default_value: str | None = None
    is_optional: bool | None = None


class Definitions(ManifestPart):
    """The inputs or the outputs of a component, by name."""

    parameters: dict[str, ParameterSpec]


class ParameterSelector(ManifestPart):
    """An output of a task in the DAG."""

    producer_subtask: str
    output_parameter_key: str


class ParameterSelectors(ManifestPart):
    """Outputs of tasks of which one runs."""

    parameter_selectors: tuple[ParameterSelector, ...]


class DagOutput(ManifestPart):
    """Where an output of a DAG comes from: one task, or the one of several that ran."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: ParameterSelectors | None = None


class DagOutputs(ManifestPart):
    """The outputs of a DAG, by name."""

    parameters: dict[str, DagOutput]


class Constant(ManifestPart):
    """A value known at compile time."""

    constant: str


class TaskOutputParameter(ManifestPart):
    """An output of another task of the DAG."""

    producer_task: str
    output_parameter_key: str


class InputParameter(ManifestPart):
    """Where an input of a task comes from; one of the fields is set."""

    runtime_value: Constant | None = None
    component_input_parameter: str | None = None
    task_output_parameter: TaskOutputParameter | None = None


class TaskInputs(ManifestPart):
    """The inputs of a task, by name."""

    parameters: dict[str, InputParameter]


class Items(ManifestPart):
    """What a loop runs over: an input of its own task, or the text of a JSON list."""

    input_parameter: str | None = None
    raw: str | None = None


class ParameterIterator(ManifestPart):
    """A loop; its component receives each element as `item_input`."""

    items: Items
    item_input: str


class TriggerPolicy(ManifestPart):
    """The condition, in CEL over the task's own inputs, under which a task runs."""

    condition: str


class RetryPolicy(ManifestPart):
    """When a step that failed is tried again. `backoff_max_duration` bounds all attempts."""

    max_retry_count: int
    backoff_duration: str
    backoff_factor: int
    backoff_max_duration: str


class CachingOptions(ManifestPart):
    """Whether results of earlier runs may stand in for a task."""

    enable_cache: bool


class TaskInfo(ManifestPart):
    """What people see of a task."""

    name: str


class ComponentRef(ManifestPart):
    """The component that a task runs."""

    name: str


class Task(ManifestPart):
    """A task of a DAG."""

    task_info: TaskInfo
    component_ref: ComponentRef
    inputs: TaskInputs | None = None
    dependent_tasks: tuple[str, ...] | None = None
    trigger_policy: TriggerPolicy | None = None
    parameter_iterator: ParameterIterator | None = None
    retry_policy: RetryPolicy | None = None
    caching_options: CachingOptions


class Dag(ManifestPart):
    """A graph of tasks, by name."""

    tasks: dict[str, Task]
    outputs: DagOutputs | None = None


class Component(ManifestPart):
    """A component: either a DAG, or the executor called `executor_label`."""

    input_definitions: Definitions | None = None
    output_definitions: Definitions | None = None
    executor_label: str | None = None
    dag: Dag | None = None


# --- executors -----------------------------------------------------------------------------------


class EnvironmentVariable(ManifestPart):
    """A variable of a container."""

    name: str
    value: str


class Accelerator(ManifestPart):
    """The one extended resource that a container may ask for."""

    resource_type: str
    resource_count: str


class Resources(ManifestPart):
    """What a container asks for, as Kubernetes quantities."""

    resource_cpu_request: str | None = None
    resource_cpu_limit: str | None = None
    resource_memory_request: str | None = None
    resource_memory_limit: str | None = None
    accelerator: Accelerator | None = None


class Container(ManifestPart):
    """The container of a step."""

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: tuple[EnvironmentVariable, ...]
    resources: Resources | None = None


class Executor(ManifestPart):
    """An executor, which is always a container."""

    container: Container


class DeploymentSpec(ManifestPart):
    """The executors, by name."""

    executors: dict[str, Executor]


class PipelineInfo(ManifestPart):
    """What people see of a pipeline."""

    name: str
    description: str


class PipelineSpec(ManifestPart):
    """The first document."""

    pipeline_info: PipelineInfo
    schema_version: Literal["2.1.0"]
    sdk_version: str
    root: Component
    components: dict[str, Component]
    deployment_spec: DeploymentSpec


# --- the Kubernetes platform ---------------------------------------------------------------------


class PodMetadata(ManifestPart):
    """Metadata of the pod of an executor."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str]


class NodeSelector(ManifestPart):
    """The labels that a node must have."""

    labels: dict[str, str]


class TolerationSpec(ManifestPart):
    """A toleration of the pod of an executor."""

    key: str | None = None
    operator: str
    value: str | None = None
    effect: str | None = None
    toleration_seconds: int | None = None


class ExecutorConfig(ManifestPart):
    """What Kubernetes is told about the pod of one executor. The deadline counts for each pod.

    The lists are messages of the same name, as their JSON has them.
    """

    secret_as_volume: tuple[dict[str, Any], ...] | None = None
    secret_as_env: tuple[dict[str, Any], ...] | None = None
    pvc_mount: tuple[dict[str, Any], ...] | None = None
    config_map_as_volume: tuple[dict[str, Any], ...] | None = None
    config_map_as_env: tuple[dict[str, Any], ...] | None = None
    field_path_as_env: tuple[dict[str, Any], ...] | None = None
    empty_dir_mounts: tuple[dict[str, Any], ...] | None = None
    image_pull_secret: tuple[dict[str, Any], ...] | None = None
    image_pull_policy: str | None = None
    pod_metadata: PodMetadata
    node_selector: NodeSelector | None = None
    node_affinity: tuple[dict[str, Any], ...] | None = None
    tolerations: tuple[TolerationSpec, ...] | None = None
    active_deadline_seconds: str | None = None


class ExecutorConfigs(ManifestPart):
    """The configurations, by the name of the executor."""

    executors: dict[str, ExecutorConfig]


class Platform(ManifestPart):
    """One platform."""

    deployment_spec: ExecutorConfigs


class Platforms(ManifestPart):
    """The platforms that the pipeline runs on."""

    kubernetes: Platform


class PlatformSpec(ManifestPart):
    """The second document."""

    platforms: Platforms


# --- the schedule --------------------------------------------------------------------------------


class RecurringRun(FrozenStruct):
    """The arguments of `kfp.Client.create_recurring_run`, without the experiment.

    `cron_expression` has six fields, seconds first, read in UTC unless the cluster's controller is
    set to another zone. `description` says what the pipeline was compiled from.
    """

    job_name: str
    description: str
    pipeline_package_path: str
    cron_expression: str
    max_concurrency: int
    no_catchup: bool
    enabled: bool
    enable_caching: bool
