"""DAG templates: the pipeline itself, maps and branches."""

from collections.abc import Iterable, Mapping

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.source import Span
from headrace.runtime import wire
from headrace.targets.argo import manifest
from headrace.targets.argo.expressions import (
    CONDITION,
    choice,
    gathered,
    input_value,
    items_of,
    output_or_nothing,
    succeeded,
    whatever_becomes_of,
    when,
)
from headrace.targets.argo.names import Names, object_name, parameter_name
from headrace.targets.argo.parts import Part, divided
from headrace.targets.argo.scope import Callee, Scope, output_key, readable_name
from headrace.targets.argo.step_uses import step_uses
from headrace.targets.argo.steps import container_template, source_metadata

RESULT = "result"
"""The output of the entrypoint that holds what the pipeline returns."""

EACH = "each"
"""The task of a map's template that runs once for each item."""

ARMS = ("then", "otherwise")
"""The tasks of a branch's template."""


PARTS = ("body", "cleanup")
"""The tasks of a guard's template."""


class Lowering:
    """Lowers one pipeline to templates, in the order in which a reader meets them."""

    def __init__(self, pipeline: ir.Pipeline) -> None:
        """Lower `pipeline`."""
        self._pipeline = pipeline
        self._names = Names("-")
        self._read = set(dataflow.block_references(pipeline.body, [pipeline.result]))
        self._templates: dict[str, manifest.Template | None] = {}
        self.spans: dict[str, Span] = {}
        self.entrypoint = self._names.take(pipeline.name)
        self._steps = step_uses(pipeline, self._names)
        self._never: str | None = None
        self._passed: str | None = None
        self._lower_pipeline()

    @property
    def templates(self) -> tuple[manifest.Template, ...]:
        """The templates, the entrypoint first."""
        return tuple(template for template in self._templates.values() if template is not None)

    def _lower_pipeline(self) -> None:
        pipeline = self._pipeline
        scope = Scope(dataflow.free_references(pipeline.body, [pipeline.result]))
        self._block(self.entrypoint, pipeline.body, scope, {RESULT: pipeline.result}, pipeline.span)

    # --- blocks ------------------------------------------------------------------------------

    def _block(
        self,
        name: str,
        block: ir.Block,
        scope: Scope,
        exits: Mapping[str, AnyValue],
        span: Span,
    ) -> None:
        """Add the template that runs `block` and gives `exits`."""
        self._reserve(name, span)
        names = Names("-")
        siblings = dataflow.positions(block)
        tasks = []
        parts = divided(block, exits.values())
        for part in parts:
            task = names.take("part")
            callee, given = self._part(f"{name}-{task}", part)
            tasks.append(_task(task, callee, part.needs, scope))
            scope.add_part(part.ids, task, given)
        for node in () if parts else block.nodes:
            callee = self._node(node)
            task = names.take(object_name(node.id))
            tasks.append(_task(task, callee, dataflow.dependencies(node, siblings), scope))
            scope.add_task(node.id, task, callee)
        outputs = {output: scope.output(value) for output, value in exits.items()}
        self._add_dag(name, scope, tasks, outputs, span)

    def _part(self, name: str, part: Part) -> tuple[Callee, dict[AnyReference, str]]:
        """Add a template for `part`; return it, and which output holds each value it gives."""
        names = Names("_")
        exits = {names.take(readable_name(value)): value for value in part.gives}
        callee = self._sub_block(name, part.block, exits, part.span)
        return callee, {value: output for output, value in exits.items()}

    def _sub_block(
        self, name: str, block: ir.Block, exits: Mapping[str, AnyValue], span: Span
    ) -> Callee:
        """Add a template for `block` under a name like `name`, and return it to be called."""
        name = self._names.take(name)
        scope = Scope(dataflow.free_references(block, exits.values()))
        self._block(name, block, scope, exits, span)
        return Callee(name, scope.inputs, {output: output for output in exits})

    def _node(self, node: AnyNode) -> Callee:
        """Add the templates of `node` that are not there yet; return the one to call."""
        match node:
            case ir.Map():
                return self._map(node)
            case ir.Branch():
                return self._branch(node)
            case ir.Guard():
                return self._guard(node)
            case _:
                use = self._steps[node.id]
                name = use.template.name
                if name not in self._templates:
                    self._reserve(name, node.span)
                    self._templates[name] = container_template(use, self._pipeline)
                return Callee(name, use.inputs, use.template.outputs)

    # --- maps --------------------------------------------------------------------------------

    def _map(self, node: ir.Map) -> Callee:
        name = self._reserve(self._names.take(object_name(node.id)), node.span)
        preferred = {} if isinstance(node.items, ir.Const) else {_reference(node.items): "items"}
        scope = Scope(dataflow.node_references(node), preferred)
        body, taken = self._map_body(node, f"{name}-{EACH}")
        with_items, with_param = _items(node.items, scope)
        task = manifest.Task(
            name=EACH,
            template=body.template,
            with_items=with_items,
            with_param=with_param,
            arguments=scope.arguments(body, loop=node.id),
        )
        given = [
            (gather, taken[c.name])
            for c in node.gathers
            for gather in self._read_of(node.id, c.name)
        ]
        outputs_of = Names("_")
        names = {output_key(g): outputs_of.take(parameter_name(output_key(g))) for g, _ in given}
        outputs = {
            names[output_key(gather)]: manifest.ValueFrom(
                expression=(items_of if gather.role == "items" else gathered)(EACH, made)
            )
            for gather, made in given
        }
        self._add_dag(name, scope, [task], outputs, node.span)
        return Callee(name, scope.inputs, names)

    def _read_of(self, map: str, name: str) -> list[ir.Gather]:
        """Return what is read of the gather `name` of `map`: a value, or items of another map."""
        both = [ir.Gather(map=map, name=name), ir.Gather(map=map, name=name, role="items")]
        return [gather for gather in both if gather in self._read]

    def _map_body(self, node: ir.Map, name: str) -> tuple[Callee, dict[str, str]]:
        """Return what a turn of `node` runs, and which of its outputs each gather takes."""
        nodes = node.body.nodes
        if len(nodes) == 1 and all(_makes(nodes[0], c.value) for c in node.gathers):
            callee = self._node(nodes[0])
            return callee, {c.name: callee.outputs[_named(c.value)] for c in node.gathers}
        names = _output_names(node.gathers)
        exits = {names[c.name]: c.value for c in node.gathers}
        return self._sub_block(name, node.body, exits, node.span), names

    # --- branches ----------------------------------------------------------------------------

    def _branch(self, node: ir.Branch) -> Callee:
        name = self._reserve(self._names.take(object_name(node.id)), node.span)
        if not isinstance(node.condition, ir.Output):
            raise InternalError(f"branch {node.id!r} is not steered by an output of a step")
        scope = Scope(dataflow.node_references(node), {node.condition: CONDITION})
        names = _output_names(node.merges)
        tasks: list[manifest.Task] = []
        values: list[dict[str, str]] = []
        for arm, outcome in zip(ARMS, (True, False), strict=True):
            block = node.then if outcome else node.otherwise
            exits = {names[m.name]: m.then if outcome else m.otherwise for m in node.merges}
            callee, taken = self._arm(f"{name}-{arm}", block, exits, node.span)
            if callee is not None:
                tasks.append(
                    manifest.Task(
                        name=arm,
                        template=callee.template,
                        when=when(outcome),
                        arguments=scope.arguments(callee),
                    )
                )
            values.append(
                {
                    output: output_or_nothing(arm, taken[output])
                    if output in taken
                    else scope.expression(value)
                    for output, value in exits.items()
                }
            )
        outputs = {
            output: manifest.ValueFrom(expression=_merge(tasks, values, output))
            for output in names.values()
        }
        self._add_dag(name, scope, tasks, outputs, node.span)
        return Callee(name, scope.inputs, names)

    def _arm(
        self, name: str, block: ir.Block, exits: Mapping[str, AnyValue], span: Span
    ) -> tuple[Callee | None, dict[str, str]]:
        """Return what an arm runs, if anything, and its output for each exit made inside it."""
        nodes = block.nodes
        if not nodes:
            return None, {}
        inside = {o: v for o, v in exits.items() if any(_makes(node, v) for node in nodes)}
        if len(nodes) == 1:
            callee = self._node(nodes[0])
            return callee, {output: callee.outputs[_named(v)] for output, v in inside.items()}
        return self._sub_block(name, block, inside, span), {output: output for output in inside}

    # --- guards ------------------------------------------------------------------------------

    def _guard(self, node: ir.Guard) -> Callee:
        name = self._reserve(self._names.take(object_name(node.id)), node.span)
        scope = Scope(dataflow.node_references(node))
        names = _output_names(node.exits)
        exits = {names[exit.name]: exit.value for exit in node.exits}
        tasks: list[manifest.Task] = []
        given: dict[str, str] = {}
        for part, block in zip(PARTS, (node.body, node.cleanup), strict=True):
            callee, taken = self._arm(f"{name}-{part}", block, exits, node.span)
            if callee is None:
                raise InternalError(f"the {part} of {node.id!r} is empty")
            given |= {output: output_or_nothing(part, made) for output, made in taken.items()}
            tasks.append(
                manifest.Task(
                    name=part,
                    template=callee.template,
                    depends=whatever_becomes_of(PARTS[0]) if tasks else None,
                    arguments=scope.arguments(callee),
                )
            )
        # A last task that is omitted makes the DAG fail, also after a cleanup that succeeded.
        both = " && ".join(f"{part}.Succeeded" for part in PARTS)
        tasks.append(manifest.Task(name="passed", template=self._passing(), depends=both))
        outputs = {
            output: manifest.ValueFrom(expression=given.get(output) or scope.expression(value))
            for output, value in exits.items()
        }
        self._add_dag(name, scope, tasks, outputs, node.span)
        return Callee(name, scope.inputs, names)

    def _passing(self) -> str:
        """Return the template that succeeds at once, without a pod."""
        if self._passed is None:
            self._passed = self._names.take("passed")
            self._templates[self._passed] = manifest.Template(
                name=self._passed, dag=manifest.Dag(fail_fast=False, tasks=(self._nothing(),))
            )
        return self._passed

    # --- templates ---------------------------------------------------------------------------

    def _reserve(self, name: str, span: Span) -> str:
        self._templates[name] = None
        self.spans[name] = span
        return name

    def _add_dag(
        self,
        name: str,
        scope: Scope,
        tasks: list[manifest.Task],
        outputs: Mapping[str, manifest.ValueFrom],
        span: Span,
    ) -> None:
        self._templates[name] = manifest.Template(
            name=name,
            metadata=source_metadata(span),
            inputs=scope.parameters,
            dag=manifest.Dag(fail_fast=False, tasks=tuple(tasks) or (self._nothing(),)),
            outputs=manifest.Outputs(
                parameters=tuple(
                    manifest.OutputParameter(name=output, value_from=value)
                    for output, value in outputs.items()
                )
            )
            if outputs
            else None,
        )

    def _nothing(self) -> manifest.Task:
        """Return a task that never runs: a DAG may not be empty, but needs no pod for that."""
        if self._never is None:
            self._never = self._names.take("never")
            self._templates[self._never] = manifest.Template(
                name=self._never, suspend=manifest.Suspend(duration="0")
            )
        return manifest.Task(name="nothing", template=self._never, when="false")


def _task(name: str, callee: Callee, needed: Iterable[str], scope: Scope) -> manifest.Task:
    """Return a task that runs `callee` when the nodes `needed` have succeeded."""
    before = dict.fromkeys(scope.task_name(node) for node in needed)
    return manifest.Task(
        name=name,
        template=callee.template,
        depends=" && ".join(f"{task}.Succeeded" for task in before) or None,
        arguments=scope.arguments(callee),
    )


def _items(items: AnyValue, scope: Scope) -> tuple[tuple[str, ...] | None, str | None]:
    """Return `withItems` and `withParam` of a loop over `items`; one of them is None."""
    reference = _reference(items)
    if not isinstance(reference, ir.Const):
        return None, scope.spell(reference)
    texts = wire.split_items(reference.text)
    # An empty `withItems` is no loop at all: the task would run once, with a literal `{{item}}`.
    return (tuple(texts), None) if texts else (None, "[]")


def _merge(tasks: list[manifest.Task], values: list[dict[str, str]], output: str) -> str:
    """Return the expression for an output of a branch from what its arms give."""
    then, otherwise = values[0][output], values[1][output]
    if not tasks:
        return choice(f"{input_value(CONDITION)} == 'true'", then, otherwise)
    if tasks[0].name == ARMS[0]:
        return choice(succeeded(ARMS[0]), then, otherwise)
    return choice(succeeded(ARMS[1]), otherwise, then)


def _output_names(bound: tuple[ir.Collected, ...] | tuple[ir.Choice, ...]) -> dict[str, str]:
    names = Names("_")
    return {b.name: names.take(parameter_name(b.name)) for b in bound}


def _makes(node: AnyNode, value: AnyValue) -> bool:
    return not isinstance(value, ir.Glue | ir.Item) and dataflow.defining_node(value) == node.id


def _reference(value: AnyValue) -> dataflow.AnyReference:
    if isinstance(value, ir.Glue):
        raise InternalError("glue left outside a step")
    return value


def _named(value: AnyValue) -> str:
    if not isinstance(value, ir.Output | ir.Gather | ir.Merge):
        raise InternalError(f"{value!r} is no output")
    return output_key(value)
