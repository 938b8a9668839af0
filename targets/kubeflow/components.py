"""Components that are DAGs, made of finished graphs."""

from collections.abc import Mapping

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.scope import STORE, Graph, definitions

def _run_parameters(pipeline: ir.Pipeline) -> manifest.Definitions | None:
    parameters = {
        p.name: manifest.ParameterSpec(
            parameter_type="STRING",
            default_value=p.default.text if p.default else None,
            is_optional=True if p.default else None,
        )
        for p in pipeline.parameters
    }
    if pipeline.settings.store is None:
        parameters[STORE.name] = manifest.ParameterSpec(
            parameter_type="STRING", default_value="", is_optional=True
        )
    return manifest.Definitions(parameters=parameters) if parameters else None


def direct(
    graph: Graph,
    exits: Mapping[AnyReference, str],
    types: Mapping[AnyReference, manifest.ParameterType],
    inputs: manifest.Definitions | None,
) -> manifest.Component:
    """Return the DAG of `graph`; its outputs are `exits`, by the value that each holds."""
    outputs = {
        key: manifest.DagOutput(value_from_parameter=graph.scope.selector(value))
        for value, key in exits.items()
    }
    declared = {key: types[value] for value, key in exits.items()}
    return _component(graph, inputs, declared, outputs)


def _one_of(graph: Graph, taken: Mapping[str, list[tuple[str, str]]]) -> manifest.Component:
    """Return the DAG of `graph`; each output is that of the one task in `taken` that ran."""
    outputs = {
        key: manifest.DagOutput(
            value_from_oneof=manifest.ParameterSelectors(
                parameter_selectors=tuple(
                    manifest.ParameterSelector(producer_subtask=task, output_parameter_key=made)
                    for task, made in sources
                )
            )
        )
        for key, sources in taken.items()
    }
    return manifest.Component(
        input_definitions=graph.scope.definitions,
        output_definitions=definitions(dict.fromkeys(outputs, "STRING")),
        dag=manifest.Dag(
            tasks=graph.tasks, outputs=manifest.DagOutputs(parameters=outputs) if outputs else None
        ),
    )
