"""The parts of Argo's objects that are used here, typed; fields stand in the order of the file.

The fields are those of the full CRDs of Argo Workflows 4.1:
https://github.com/argoproj/argo-workflows/tree/main/manifests/base/crds/full
"""

from typing import Any, Literal

import msgspec

from headrace.compiler.frozen_struct import FrozenStruct

API_VERSION = "argoproj.io/v1alpha1"


LIST_LENGTH = {"tasks": 200, "templates": 200, "parameters": 500}
"""How many of each the CRD takes in one list."""


class ManifestPart(FrozenStruct, rename="camel", omit_defaults=True):
    """The base of all parts: snake case here, camel case in the file; no default but None."""

    def document(self) -> dict[str, Any]:
        """Return the part as it stands in the file; what is None is left out."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


class Metadata(ManifestPart):
    """The metadata of a template, which is that of its pods."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str]


class ObjectMetadata(ManifestPart):
    """The metadata of an object."""

    name: str
    annotations: dict[str, str]


class Parameter(ManifestPart):
    """An input (without a value: it must be given), or an argument."""

    name: str
    value: str | None = None


class ValueFrom(ManifestPart):
    """Where an output comes from: a file of the container, a reference, or an expression."""

    path: str | None = None
    parameter: str | None = None
    expression: str | None = None


class OutputParameter(ManifestPart):
    """An output of a template."""

    name: str
    value_from: ValueFrom


class Parameters(ManifestPart):
    """The inputs of a template, or the arguments of a task or a workflow."""

    parameters: tuple[Parameter, ...]


class Outputs(ManifestPart):
    """The outputs of a template."""

    parameters: tuple[OutputParameter, ...]


class EnvironmentVariable(ManifestPart):
    """A variable of a container: its value, or where Kubernetes takes that from."""

    name: str
    value: str | None = None
    value_from: dict[str, Any] | None = None


class Resources(ManifestPart):
    """What a container asks for; Kubernetes quantities by resource name."""

    requests: dict[str, str]
    limits: dict[str, str]


class ConfigMapSource(ManifestPart):
    """The ConfigMap whose entries are the files of a volume."""

    name: str


class Container(ManifestPart):
    """The container of a step."""

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: tuple[EnvironmentVariable, ...]
    resources: Resources | None = None
    volume_mounts: tuple[dict[str, Any], ...] | None = None


class Backoff(ManifestPart):
    """The wait between attempts."""

    duration: str
    factor: str
    cap: str | None = None


class RetryStrategy(ManifestPart):
    """When a step that failed is tried again."""

    limit: str
    retry_policy: Literal["Always"]
    expression: str
    backoff: Backoff | None = None


class TolerationSpec(ManifestPart):
    """A toleration of a pod."""

    key: str | None = None
    operator: str
    value: str | None = None
    effect: str | None = None
    toleration_seconds: int | None = None


class Volume(ManifestPart):
    """A volume of all pods of a run."""

    name: str
    config_map: ConfigMapSource


class TemplateRef(ManifestPart):
    """A template of another WorkflowTemplate."""

    name: str
    template: str


class Task(ManifestPart):
    """A task of a DAG. `with_items` and `with_param` start one for each item."""

    name: str
    template: str | None = None
    template_ref: TemplateRef | None = None
    depends: str | None = None
    when: str | None = None
    with_items: tuple[str, ...] | None = None
    with_param: str | None = None
    arguments: Parameters | None = None


class Dag(ManifestPart):
    """A graph of tasks."""

    fail_fast: bool
    tasks: tuple[Task, ...]


class Suspend(ManifestPart):
    """A wait, in seconds."""

    duration: str


class Template(ManifestPart):
    """A template: exactly one of `dag`, `container` and `suspend`."""

    name: str
    metadata: Metadata | None = None
    inputs: Parameters | None = None
    dag: Dag | None = None
    container: Container | None = None
    suspend: Suspend | None = None
    outputs: Outputs | None = None
    retry_strategy: RetryStrategy | None = None
    active_deadline_seconds: int | None = None
    node_selector: dict[str, str] | None = None
    affinity: dict[str, Any] | None = None
    tolerations: tuple[TolerationSpec, ...] | None = None
    service_account_name: str | None = None
    priority_class_name: str | None = None
    scheduler_name: str | None = None
    volumes: tuple[dict[str, Any], ...] | None = None
    pod_spec_patch: str | None = None


class WorkflowTemplateSpec(ManifestPart):
    """What a workflow template holds; only the one that runs refer to has an entrypoint."""

    entrypoint: str | None = None
    arguments: Parameters | None = None
    volumes: tuple[Volume, ...] | None = None
    templates: tuple[Template, ...]


class WorkflowTemplate(ManifestPart):
    """The object that a run refers to."""

    api_version: str
    kind: Literal["WorkflowTemplate"]
    metadata: ObjectMetadata
    spec: WorkflowTemplateSpec


class WorkflowTemplateRef(ManifestPart):
    """The workflow template that a run takes its specification from."""

    name: str


class WorkflowSpec(ManifestPart):
    """What a scheduled run is."""

    workflow_template_ref: WorkflowTemplateRef


class CronWorkflowSpec(ManifestPart):
    """When runs start by themselves."""

    schedules: tuple[str, ...]
    timezone: str
    concurrency_policy: Literal["Allow", "Forbid", "Replace"]
    starting_deadline_seconds: int
    suspend: bool
    workflow_spec: WorkflowSpec


class CronWorkflow(ManifestPart):
    """The object that starts runs of a workflow template."""

    api_version: str
    kind: Literal["CronWorkflow"]
    metadata: ObjectMetadata
    spec: CronWorkflowSpec
