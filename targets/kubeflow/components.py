"""Components that are DAGs, made of finished graphs."""

from collections.abc import Mapping

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.scope import STORE, Graph, Types, definitions


def run_parameters(pipeline: ir.Pipeline) -> manifest.Definitions | None:
    """Return the inputs of the root: texts, which a run may leave out if they have a default."""
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
    exits: Mapping[str, AnyReference],
    types: Types,
    inputs: manifest.Definitions | None = None,
) -> manifest.Component:
    """Return the DAG of `graph`, whose outputs are `exits` and have `types`, both by name."""
    outputs = {
        key: manifest.DagOutput(value_from_parameter=graph.scope.selector(value))
        for key, value in exits.items()
    }
    return _dag(graph, inputs or graph.scope.definitions, outputs, types)


def _dag(
    graph: Graph,
    inputs: manifest.Definitions | None,
    outputs: Mapping[str, manifest.DagOutput],
    types: Types,
) -> manifest.Component:
    return manifest.Component(
        input_definitions=inputs,
        output_definitions=definitions(types),
        dag=manifest.Dag(
            tasks=graph.tasks,
            outputs=manifest.DagOutputs(parameters=dict(outputs)) if outputs else None,
        ),
    )


def one_of(graph: Graph, taken: Mapping[str, list[tuple[str, str]]]) -> manifest.Component:
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
    return _dag(graph, graph.scope.definitions, outputs, dict.fromkeys(outputs, "STRING"))
