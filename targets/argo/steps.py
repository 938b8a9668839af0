"""Container templates: one for each distinct step, shared by calls that differ in values only."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.targets.accelerators import place
from headrace.targets.argo import manifest
from headrace.targets.argo.expressions import input_reference, placeholder
from headrace.targets.argo.names import Names, object_name, parameter_name
from headrace.targets.step_command import COMMAND, step_arguments

OUTPUT_FOLDER = "/tmp/headrace/outputs"
"""Where the shim writes outputs and the executor takes them from."""

SOURCE_ANNOTATION = "headrace.dev/source"
"""The place, `path:line`, in the pipeline that a template stands for."""

CODE_PARAMETER = "headrace-code"
"""The run parameter that holds the digest of the code, so that it stands in one place."""

STORE_PARAMETER = "headrace-store"
"""The run parameter that holds the URL of the artifact store; empty for none."""

Step: TypeAlias = ir.Call | ir.Compute


@dataclass
class StepTemplate:
    """A container template: its `shape` is a step whose values are inputs of the same name."""

    shape: Step
    nodes: list[Step] = field(default_factory=list)
    name: str = ""

    @property
    def outputs(self) -> dict[str, str]:
        """The parameter of each output of the step, by the output's name."""
        names = Names("_")
        return {o.name: names.take(parameter_name(o.name)) for o in self.shape.outputs}


@dataclass(frozen=True)
class StepUse:
    """A step of the pipeline as a use of a template: which value each input receives."""

    template: StepTemplate
    inputs: dict[str, AnyReference]


def step_uses(pipeline: ir.Pipeline, names: Names) -> dict[str, StepUse]:
    """Return the use of a container template for each step of `pipeline`, by its id.

    A template is called as its function when all calls of a function of that name share it, else
    as its first step.
    """
    templates: dict[str, StepTemplate] = {}
    uses: dict[str, StepUse] = {}
    for node in _steps(pipeline):
        shape, inputs = _generalise(node)
        template = templates.setdefault(shape.model_dump_json(), StepTemplate(shape))
        template.nodes.append(node)
        uses[node.id] = StepUse(template, inputs)
    same_function: dict[str, int] = defaultdict(int)
    for template in templates.values():
        same_function[_function_name(template.shape)] += 1
    for template in templates.values():
        function = _function_name(template.shape)
        shared = function and same_function[function] == 1
        template.name = names.take(object_name(function if shared else template.nodes[0].id))
    return uses


def _steps(pipeline: ir.Pipeline) -> Iterator[Step]:
    for node in dataflow.walk(pipeline.body):
        if isinstance(node, ir.Call | ir.Compute):
            yield node


def _function_name(shape: Step) -> str:
    return shape.function.rpartition(":")[2] if isinstance(shape, ir.Call) else ""


def _generalise(node: Step) -> tuple[Step, dict[str, AnyReference]]:
    """Return `node` with an input in place of each value, and what each input receives."""
    names = Names("_")
    inputs: dict[str, AnyReference] = {}

    def bind(wanted: str, reference: AnyReference) -> ir.Param:
        name = names.take(parameter_name(wanted))
        inputs[name] = reference
        return ir.Param(name=name)

    blank = {"id": "", "after": (), "span": Span(path="", line=0)}
    direct = {}
    if isinstance(node, ir.Call):
        direct = {
            a.name: bind(a.name, a.value)
            for a in node.arguments
            if not isinstance(a.value, ir.Glue)
        }
    bound: dict[str, ir.Param] = {}

    def rebind(glue: ir.Glue) -> ir.Glue:
        for name, reference in glue.names:
            if name not in bound:
                bound[name] = bind(name, reference)
        return glue.model_copy(update={"names": tuple((n, bound[n]) for n, _ in glue.names)})

    outputs = tuple(
        o.model_copy(update={"expression": rebind(o.expression)}) if o.expression else o
        for o in node.outputs
    )
    shape = node.model_copy(update={**blank, "outputs": outputs})
    if isinstance(shape, ir.Call):
        arguments = tuple(
            ir.Argument(
                name=a.name,
                value=rebind(a.value) if isinstance(a.value, ir.Glue) else direct[a.name],
            )
            for a in shape.arguments
        )
        shape = shape.model_copy(update={"arguments": arguments})
    return shape, inputs


def container_template(use: StepUse, code: ir.Code) -> manifest.Template:
    """Return the container template that `use` is one use of."""
    template = use.template
    settings = template.shape.settings
    placement = place(settings)
    paths = {output: f"{OUTPUT_FOLDER}/{name}" for output, name in template.outputs.items()}
    return manifest.Template(
        name=template.name,
        metadata=source_metadata(*(node.span for node in template.nodes)),
        inputs=_inputs(use),
        container=manifest.Container(
            image=settings.image,
            command=(COMMAND,),
            args=tuple(step_arguments(_messenger(template), _spell, paths)),
            env=_environment(settings, code),
            resources=_resources(placement.resources),
        ),
        outputs=manifest.Outputs(
            parameters=tuple(
                manifest.OutputParameter(
                    name=name, value_from=manifest.ValueFrom(path=paths[output])
                )
                for output, name in template.outputs.items()
            )
        )
        if paths
        else None,
        retry_strategy=_retry_strategy(settings),
        active_deadline_seconds=settings.timeout,
        node_selector=placement.node_selector or None,
        tolerations=tuple(manifest.TolerationSpec(**t.model_dump()) for t in placement.tolerations)
        or None,
    )


def source_metadata(*spans: Span) -> manifest.Metadata:
    """Return the metadata that says which places of the source a template stands for."""
    places = ", ".join(dict.fromkeys(str(span) for span in spans))
    return manifest.Metadata(annotations={SOURCE_ANNOTATION: places})


def _messenger(template: StepTemplate) -> Step:
    """Return the shape under the name that messages of the shim show."""
    alone = len(template.nodes) == 1
    return template.shape.model_copy(
        update={"id": template.nodes[0].id if alone else template.name}
    )


def _spell(reference: AnyReference) -> str:
    assert isinstance(reference, ir.Param)
    return placeholder(input_reference(reference.name))


def _inputs(use: StepUse) -> manifest.Parameters | None:
    if not use.inputs:
        return None
    return manifest.Parameters(parameters=tuple(manifest.Parameter(name=n) for n in use.inputs))


def _environment(settings: StepSettings, code: ir.Code) -> tuple[manifest.EnvironmentVariable, ...]:
    values = {
        # Kubernetes reads `$(NAME)` and `$$` in a value; a doubled `$` always arrives as one.
        **{name: value.replace("$", "$$") for name, value in settings.env.items()},
        "HEADRACE_CODE": placeholder(f"workflow.parameters.{CODE_PARAMETER}"),
        "HEADRACE_MODULES": ",".join(code.modules),
        "HEADRACE_STORE": placeholder(f"workflow.parameters.{STORE_PARAMETER}"),
    }
    return tuple(manifest.EnvironmentVariable(name=n, value=v) for n, v in values.items())


def _resources(quantities: dict[str, str]) -> manifest.Resources | None:
    return manifest.Resources(requests=quantities, limits=quantities) if quantities else None


def _retry_strategy(settings: StepSettings) -> manifest.RetryStrategy | None:
    retries = settings.retries
    if not retries.limit:
        return None
    return manifest.RetryStrategy(
        limit=str(retries.limit),
        retry_policy="Always",
        # A wrong manifest (64) and bad data (65) stay what they are however often they are tried.
        expression="!(asInt(lastRetry.exitCode) in [64, 65])",
        backoff=manifest.Backoff(
            duration=f"{retries.delay}s",
            factor=str(retries.factor),
            cap=None if retries.max_delay is None else f"{retries.max_delay}s",
        )
        if retries.delay
        else None,
    )
