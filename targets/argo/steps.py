"""Container templates, each for the steps that share it."""

from headrace.compiler import ir, pods
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.compiler.suggestions import first_of
from headrace.targets.accelerators import Placement, place
from headrace.targets.argo import manifest
from headrace.targets.argo.expressions import input_reference, placeholder
from headrace.targets.argo.pods import pod_fields, volume_mounts
from headrace.targets.argo.step_uses import FUNCTION_INPUT, STEP_INPUT, Step, StepTemplate, StepUse
from headrace.targets.asked_devices import device_variables
from headrace.targets.inline_code import command
from headrace.targets.step_command import step_arguments

OUTPUT_FOLDER = "/tmp/headrace/outputs"
"""Where the shim writes outputs and the executor takes them from."""

SOURCE_ANNOTATION = "headrace.dev/source"
"""The place, `path:line`, in the pipeline that a template stands for."""

CODE_PARAMETER = "headrace-code"
"""The run parameter that holds the digest of the code, so that it stands in one place."""

STORE_PARAMETER = "headrace-store"
"""The run parameter that holds the URL of the artifact store; empty for none."""

PLACES = 10
"""The most places of the source that one template names."""


def container_template(use: StepUse, pipeline: ir.Pipeline) -> manifest.Template:
    """Return the container template of `pipeline` that `use` is one use of."""
    template = use.template
    settings = template.shape.settings
    placement = place(settings, pipeline.settings)
    settings = placement.applied(settings)
    paths = {output: f"{OUTPUT_FOLDER}/{name}" for output, name in template.outputs.items()}
    return manifest.Template(
        name=template.name,
        metadata=_metadata(settings, *(node.span for node in template.nodes)),
        inputs=_inputs(use),
        container=manifest.Container(
            image=settings.image,
            command=command(inline=settings.code == "inline"),
            args=tuple(step_arguments(_messenger(template), _spell, paths)),
            env=_environment(settings, placement, pipeline.code),
            resources=_resources(placement.resources),
            volume_mounts=volume_mounts(settings, placement),
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
        **pod_fields(settings, placement),
    )


def _metadata(settings: StepSettings, *spans: Span) -> manifest.Metadata:
    own = source_metadata(*spans)
    return manifest.Metadata(
        labels=pods.labels(settings) or None,
        annotations={**own.annotations, **pods.annotations(settings)},
    )


def source_metadata(*spans: Span) -> manifest.Metadata:
    """Return the metadata that says which places of the source a template stands for."""
    places = list(dict.fromkeys(str(span) for span in spans))
    return manifest.Metadata(annotations={SOURCE_ANNOTATION: first_of(places, PLACES)})


def _messenger(template: StepTemplate) -> Step:
    """Return the shape under the name that messages of the shim show."""
    if template.any_function:
        identity = {"id": STEP_INPUT, "function": FUNCTION_INPUT}
        return template.shape.replace(
            **{field: placeholder(input_reference(name)) for field, name in identity.items()}
        )
    alone = len(template.nodes) == 1
    return template.shape.replace(id=template.nodes[0].id if alone else template.name)


def _spell(reference: AnyReference) -> str:
    assert isinstance(reference, ir.Param)
    return placeholder(input_reference(reference.name))


def _inputs(use: StepUse) -> manifest.Parameters | None:
    if not use.inputs:
        return None
    return manifest.Parameters(parameters=tuple(manifest.Parameter(name=n) for n in use.inputs))


def _environment(
    settings: StepSettings, placement: Placement, code: ir.Code
) -> tuple[manifest.EnvironmentVariable, ...]:
    values = {
        **device_variables(settings, placement),
        "HEADRACE_CODE": placeholder(f"workflow.parameters.{CODE_PARAMETER}"),
        "HEADRACE_MODULES": ",".join(code.modules),
        **({"HEADRACE_IMPORT": code.imported_first} if code.imported_first else {}),
        "HEADRACE_STORE": placeholder(f"workflow.parameters.{STORE_PARAMETER}"),
    }
    return (
        *(
            manifest.EnvironmentVariable(name=v["name"], value=v["value"])
            for v in pods.environment(settings)
        ),
        *(manifest.EnvironmentVariable(name=n, value=v) for n, v in values.items()),
        *(
            manifest.EnvironmentVariable(name=v["name"], value_from=v["valueFrom"])
            for v in pods.references(settings)
        ),
    )


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
