"""The parts of the pipeline IR that are used here, typed; fields stand in the order of the file.

The fields are those of the JSON form of two protobuf messages of Kubeflow Pipelines:
https://github.com/kubeflow/pipelines/blob/master/api/v2alpha1/pipeline_spec.proto
https://github.com/kubeflow/pipelines/blob/master/kubernetes_platform/proto/kubernetes_executor_config.proto
"""

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

ParameterType: TypeAlias = Literal["STRING", "LIST"]
"""Every value is a text; only what a loop reads or gathers is a list of texts."""


class ManifestModel(BaseModel):
    """The base of all parts: frozen, closed, snake case here and camel case in the file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    def document(self) -> dict[str, Any]:
        """Return the part as it stands in the file; what is None is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


# --- components ----------------------------------------------------------------------------------


class ParameterSpec(ManifestModel):
    """An input or an output of a component; only inputs of the root have a default."""

    parameter_type: ParameterType
    default_value: str | None = None
    is_optional: bool | None = None


class Definitions(ManifestModel):
    """The inputs or the outputs of a component, by name."""

    parameters: dict[str, ParameterSpec]


class ParameterSelector(ManifestModel):
    """An output of a task in the DAG."""

    producer_subtask: str
    output_parameter_key: str


class ParameterSelectors(ManifestModel):
    """Outputs of tasks of which one runs."""

    parameter_selectors: tuple[ParameterSelector, ...]


class DagOutput(ManifestModel):
    """Where an output of a DAG comes from: one task, or the one of several that ran."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: ParameterSelectors | None = None


class DagOutputs(ManifestModel):
    """The outputs of a DAG, by name."""

    parameters: dict[str, DagOutput]


class Constant(ManifestModel):
    """A value known at compile time."""

    constant: str


class TaskOutputParameter(ManifestModel):
    """An output of another task of the DAG."""

    producer_task: str
    output_parameter_key: str


class InputParameter(ManifestModel):
    """Where an input of a task comes from; one of the fields is set."""

    runtime_value: Constant | None = None
    component_input_parameter: str | None = None
    task_output_parameter: TaskOutputParameter | None = None


class TaskInputs(ManifestModel):
    """The inputs of a task, by name."""

    parameters: dict[str, InputParameter]


class Items(ManifestModel):
    """What a loop runs over: an input of its own task, or the text of a JSON list."""

    input_parameter: str | None = None
    raw: str | None = None


class ParameterIterator(ManifestModel):
    """A loop; its component receives each element as `item_input`."""

    items: Items
    item_input: str


class TriggerPolicy(ManifestModel):
    """The condition, in CEL over the task's own inputs, under which a task runs."""

    condition: str


class RetryPolicy(ManifestModel):
    """When a step that failed is tried again. `backoff_max_duration` bounds all attempts."""

    max_retry_count: int
    backoff_duration: str
    backoff_factor: int
    backoff_max_duration: str


class CachingOptions(ManifestModel):
    """Whether results of earlier runs may stand in for a task."""

    enable_cache: bool


class TaskInfo(ManifestModel):
    """What people see of a task."""

    name: str


class ComponentRef(ManifestModel):
    """The component that a task runs."""

    name: str


class Task(ManifestModel):
    """A task of a DAG."""

    task_info: TaskInfo
    component_ref: ComponentRef
    inputs: TaskInputs | None = None
    dependent_tasks: tuple[str, ...] | None = None
    trigger_policy: TriggerPolicy | None = None
    parameter_iterator: ParameterIterator | None = None
    retry_policy: RetryPolicy | None = None
    caching_options: CachingOptions = CachingOptions(enable_cache=False)


class Dag(ManifestModel):
    """A graph of tasks, by name."""

    tasks: dict[str, Task]
    outputs: DagOutputs | None = None


class Component(ManifestModel):
    """A component: either a DAG, or the executor called `executor_label`."""

    input_definitions: Definitions | None = None
    output_definitions: Definitions | None = None
    executor_label: str | None = None
    dag: Dag | None = None


# --- executors -----------------------------------------------------------------------------------


class EnvironmentVariable(ManifestModel):
    """A variable of a container."""

    name: str
    value: str


class Accelerator(ManifestModel):
    """The one extended resource that a container may ask for."""

    resource_type: str
    resource_count: str


class Resources(ManifestModel):
    """What a container asks for, as Kubernetes quantities."""

    resource_cpu_request: str | None = None
    resource_cpu_limit: str | None = None
    resource_memory_request: str | None = None
    resource_memory_limit: str | None = None
    accelerator: Accelerator | None = None


class Container(ManifestModel):
    """The container of a step."""

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: tuple[EnvironmentVariable, ...]
    resources: Resources | None = None


class Executor(ManifestModel):
    """An executor, which is always a container."""

    container: Container


class DeploymentSpec(ManifestModel):
    """The executors, by name."""

    executors: dict[str, Executor]


class PipelineInfo(ManifestModel):
    """What people see of a pipeline."""

    name: str
    description: str


class PipelineSpec(ManifestModel):
    """The first document."""

    pipeline_info: PipelineInfo
    schema_version: Literal["2.1.0"] = "2.1.0"
    sdk_version: str = "headrace"
    root: Component
    components: dict[str, Component]
    deployment_spec: DeploymentSpec


# --- the Kubernetes platform ---------------------------------------------------------------------


class PodMetadata(ManifestModel):
    """Metadata of the pod of an executor."""

    annotations: dict[str, str]


class NodeSelector(ManifestModel):
    """The labels that a node must have."""

    labels: dict[str, str]


class TolerationSpec(ManifestModel):
    """A toleration of the pod of an executor."""

    key: str | None = None
    operator: str
    value: str | None = None
    effect: str | None = None
    toleration_seconds: int | None = None


class ExecutorConfig(ManifestModel):
    """What Kubernetes is told about the pod of one executor. The deadline counts for each pod."""

    pod_metadata: PodMetadata
    node_selector: NodeSelector | None = None
    tolerations: tuple[TolerationSpec, ...] | None = None
    active_deadline_seconds: str | None = None


class ExecutorConfigs(ManifestModel):
    """The configurations, by the name of the executor."""

    executors: dict[str, ExecutorConfig]


class Platform(ManifestModel):
    """One platform."""

    deployment_spec: ExecutorConfigs


class Platforms(ManifestModel):
    """The platforms that the pipeline runs on."""

    kubernetes: Platform


class PlatformSpec(ManifestModel):
    """The second document."""

    platforms: Platforms


# --- the schedule --------------------------------------------------------------------------------


class RecurringRun(BaseModel):
    """The arguments of `kfp.Client.create_recurring_run`, without the experiment.

    `cron_expression` has six fields, seconds first, read in UTC unless the cluster's controller is
    set to another zone. `description` says what the pipeline was compiled from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_name: str
    description: str
    pipeline_package_path: str
    cron_expression: str
    max_concurrency: int
    no_catchup: bool
    enabled: bool
    enable_caching: bool
