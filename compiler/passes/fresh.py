"""New names, computes and outputs of a pass that adds them to a pipeline."""

from collections.abc import Iterator

from headrace.compiler import ir
from headrace.compiler.dataflow import (
    AnyNode,
    AnyReference,
    block_references,
    own_values,
    walk,
)
from headrace.compiler.fresh_names import Names
from headrace.compiler.passes.rewriting import Step, with_steps
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span


class Fresh:
    """Hands out what a pipeline does not have yet."""

    def __init__(self, pipeline: ir.Pipeline, settings: StepSettings) -> None:
        """Look at `pipeline`; computes get `settings`.

        `listed` are the gathers that a map runs over.
        """
        nodes = list(walk(pipeline.body))
        self.listed = {
            r
            for r in block_references(pipeline.body)
            if isinstance(r, ir.Gather) and r.role == "items"
        }
        self._settings = settings
        self._ids = Names(node.id for node in nodes)
        self._names = Names(name for node in nodes for name in _names(node))
        self._roles = {
            ir.Output(node=node.id, name=spec.name): spec.role
            for node in nodes
            if isinstance(node, ir.Call | ir.Compute)
            for spec in node.outputs
        }
        self._wanted: set[ir.Output] = set()

    def id(self, wanted: str) -> str:
        """Return an id for a node: `wanted`, or that with a number."""
        return self._ids.fresh(wanted)

    def name(self, wanted: str) -> str:
        """Return a name in glue: `wanted`, or that with a number."""
        return self._names.fresh(wanted, "_")

    def compute(
        self, node_id: str, outputs: tuple[ir.OutputSpec, ...], span: Span, *after: str
    ) -> ir.Compute:
        """Return a compute whose id, `node_id`, is a fresh one."""
        compute = ir.Compute(
            id=node_id, outputs=outputs, after=after, settings=self._settings, span=span
        )
        for spec in outputs:
            self._roles[ir.Output(node=compute.id, name=spec.name)] = spec.role
        return compute

    def value(self, reference: AnyReference) -> AnyReference:
        """Return the Python value of `reference`, which may be there for an engine to read."""
        if isinstance(reference, ir.Gather):
            return reference.replace(role="value")
        if not isinstance(reference, ir.Output) or self._roles[reference] == "value":
            return reference
        self._wanted.add(reference)
        value = reference.replace(name=f"{reference.name}_value")
        self._roles[value] = "value"
        return value

    def with_values(self, block: ir.Block) -> ir.Block:
        """Return `block` with the outputs that `value` has asked for."""
        return with_steps(block, self._with_values)

    def _with_values(self, node: Step) -> Step:
        added = (
            _value_of(spec)
            for spec in node.outputs
            if ir.Output(node=node.id, name=spec.name) in self._wanted
        )
        return node.replace(outputs=(*node.outputs, *added))


def _value_of(spec: ir.OutputSpec) -> ir.OutputSpec:
    """Return the output that is the Python value of `spec`, which an engine reads."""
    glue = spec.expression or ir.Glue(source="result")
    read = "list" if spec.role == "items" else "bool"
    expression = glue.replace(source=f"{read}({glue.source})")
    return ir.OutputSpec(name=f"{spec.name}_value", expression=expression)


def _names(node: AnyNode) -> Iterator[str]:
    for value in own_values(node):
        if isinstance(value, ir.Glue):
            yield from (name for name, _ in value.names)
