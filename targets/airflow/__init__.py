"""The target `airflow`: one DAG file for Airflow 3."""

from collections.abc import Iterator

from headrace.compiler import dataflow, ir
from headrace.compiler.capabilities import Capabilities
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.target import ManifestFile
from headrace.targets import inline_code, resource_claims
from headrace.targets.airflow.capabilities import CAPABILITIES
from headrace.targets.airflow.emit import build, file_name, write
from headrace.targets.airflow.verify import MAX_ID_LENGTH, verify
from headrace.targets.step_command import step_arguments
from headrace.targets.widths import known_widths

MAX_MAP_WIDTH = 1024
"""Items of a mapped group: the default of `[core] max_map_length`."""

MAX_ARGUMENT_BYTES = 131_071
"""One argument of a process on Linux: MAX_ARG_STRLEN, less its last byte."""

_SUFFIX_ROOM = len("-values-00")


class AirflowTarget:
    """Compiles a pipeline to a DAG file with one KubernetesPodOperator for each step."""

    @property
    def capabilities(self) -> Capabilities:
        """What Airflow can express, how, and within which limits."""
        return CAPABILITIES

    def check(self, pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
        """Yield what the capability table cannot say: names, sizes and widths past a limit."""
        yield from inline_code.check_sources(pipeline)
        if len(pipeline.name) > MAX_ID_LENGTH:
            yield _long_name(pipeline.name, pipeline)
        if pipeline.settings.schedule is not None:
            yield from _parameters_without_default(pipeline)
        for node in dataflow.walk(pipeline.body):
            if len(node.id) > MAX_ID_LENGTH - _SUFFIX_ROOM:
                yield _long_name(node.id, node)
            if isinstance(node, ir.Call | ir.Compute):
                yield from _long_arguments(node)
        for node, width in known_widths(pipeline):
            yield from _too_wide(node, width)

    def file_names(self, pipeline: ir.Pipeline) -> tuple[str, ...]:
        """Return the names of the DAG file, and of those with claims and with code that travels."""
        beside = (inline_code.file_name(pipeline.name), resource_claims.file_name(pipeline.name))
        return file_name(pipeline), *beside

    def emit(self, pipeline: ir.Pipeline) -> tuple[ManifestFile, ...]:
        """Return the DAG file of `pipeline`, verified.

        Claims stand in `NAME.resourceclaimtemplate.yaml`, code that travels in
        `NAME.configmap.yaml` and `headrace-step.configmap.yaml`.

        Raises:
            InternalError: the file is wrong although the pipeline was accepted.
        """
        dag = build(pipeline)
        text = write(dag)
        verify(dag, text)
        dag_file = ManifestFile(name=file_name(pipeline), text=text)
        claims = resource_claims.claim_files(pipeline, pipeline.name)
        return dag_file, *claims, *inline_code.config_map_files(pipeline, pipeline.name)


def _long_name(name: str, owner: ir.Pipeline | dataflow.AnyNode) -> Diagnostic:
    return Diagnostic(
        code="HR510",
        message=f"the name `{name[:40]}...` is too long for Apache Airflow: "
        f"{len(name)} characters, at most {MAX_ID_LENGTH}",
        span=owner.span,
        hint="shorten it",
    )


def _too_wide(node: ir.Map, width: int) -> Iterator[Diagnostic]:
    if width > MAX_MAP_WIDTH:
        yield Diagnostic(
            code="HR512",
            message=f"a map over {width:,} items is too wide for Apache Airflow: "
            f"at most {MAX_MAP_WIDTH:,}",
            span=node.span,
            hint="map over chunks, and loop over each chunk inside the step",
        )


def _long_arguments(node: ir.Call | ir.Compute) -> Iterator[Diagnostic]:
    def spell(reference: dataflow.AnyReference) -> str:
        return reference.text if isinstance(reference, ir.Const) else ""

    size = max(len(argument.encode()) for argument in step_arguments(node, spell))
    if size > MAX_ARGUMENT_BYTES:
        yield Diagnostic(
            code="HR511",
            message=f"a constant of step `{node.id}` is too large for a command line: "
            f"{size} bytes, at most {MAX_ARGUMENT_BYTES}",
            span=node.span,
            hint="read it from a file inside the step",
        )


def _parameters_without_default(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    for parameter in pipeline.parameters:
        if parameter.default is None:
            yield Diagnostic(
                code="HR514",
                message=f"the pipeline has a schedule, so parameter `{parameter.name}` needs "
                "a default on Apache Airflow",
                span=parameter.span,
                hint=f"give `{parameter.name}` a default",
            )


TARGET = AirflowTarget()
"""The target."""
