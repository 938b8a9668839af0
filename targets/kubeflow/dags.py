"""DAG components: the pipeline itself, maps and branches, in the forms that the backend runs.

Three rules of the backend shape them. A loop that ran over nothing has no output, so that a loop
whose results are gathered stands behind a condition. One value of several arms may be taken from
containers only, so that an arm that is a DAG is followed by a container that hands its values on.
A loop gathers safely only what containers of its own body make.
"""

from collections.abc import Iterable, Mapping

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode, AnyReference
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.runtime import wire
from headrace.targets.kubeflow import components, manifest
from headrace.targets.kubeflow.divided import divided
from headrace.targets.kubeflow.gathering import direct_keys, gathers, is_value_of, own_keys, renamed
from headrace.targets.kubeflow.lists import with_lists
from headrace.targets.kubeflow.names import (
    EACH,
    Names,
    component_names,
    object_name,
    parameter_name,
)
from headrace.targets.kubeflow.scope import (
    ITEM,
    STORE,
    Callee,
    Graph,
    ParameterTypes,
    Scope,
    Types,
    constant_items,
    reference,
    whatever_becomes_of,
)
from headrace.targets.kubeflow.steps import executor_label, handing_on, step_parts
from headrace.targets.kubeflow.workflow import ARGUMENT_BYTES

RESULT = "result"
"""The output of the root that holds what the pipeline returns."""

CONDITION = "condition"
ITEMS = "items"
"""The inputs that branches and maps are steered by."""

NOTHING = ir.Const(text="null")

ROOT = "root"


class Lowering:
    """Lowers one pipeline to a root and components, in the order in which a reader meets them."""

    def __init__(self, pipeline: ir.Pipeline, longest: int = ARGUMENT_BYTES) -> None:
        """Lower `pipeline`, which has a step; DAGs of more than `longest` bytes are divided."""
        pipeline = with_lists(pipeline)
        self._pipeline = pipeline
        self._types = ParameterTypes(pipeline)
        self._names = component_names()
        self._components: dict[str, manifest.Component | None] = {}
        self.executors: dict[str, manifest.Executor] = {}
        self.configs: dict[str, manifest.ExecutorConfig] = {}
        self.spans: dict[str, Span] = {ROOT: pipeline.span}
        root = self._root()
        made = {name: c for name, c in self._components.items() if c is not None}
        self.components = divided({ROOT: root, **made}, self._names, self.spans, longest)
        self.root = self.components.pop(ROOT)

    def _root(self) -> manifest.Component:
        pipeline = self._pipeline
        given = {ir.Param(name=p.name): p.name for p in pipeline.parameters}
        graph = Graph(Scope(self._types, [*given, *self._store()], preferred=given.items()))
        self._add_block(graph, pipeline.body)
        result = reference(pipeline.result)
        no_step_makes_it = isinstance(result, ir.Const | ir.Param) and result != NOTHING
        # One step has to print it as a whole; the turns of a loop would print an item each.
        if no_step_makes_it or self._types.of(result) == "LIST":
            step = handing_on(RESULT, {RESULT: result}, self._own_settings(), pipeline.span)
            graph.add(RESULT, self._step(step))
            result = ir.Output(node=RESULT, name=RESULT)
        exits = {} if result == NOTHING else {RESULT: result}
        return components.direct(
            graph, exits, self._types.of_all(exits), components.run_parameters(pipeline)
        )

    def _store(self) -> list[AnyReference]:
        return [STORE] if self._pipeline.settings.store is None else []

    # --- blocks ------------------------------------------------------------------------------

    def _add_block(self, graph: Graph, block: ir.Block) -> None:
        """Add a task for each node of `block`."""
        siblings = dataflow.positions(block)
        tasks: dict[str, str] = {}
        for node in block.nodes:
            needed = [tasks[n] for n in dataflow.dependencies(node, siblings)]
            tasks[node.id] = graph.add(object_name(node.id), self._node(node), after=needed)

    def _node(self, node: AnyNode) -> Callee:
        """Add the components of `node`; return the one to call."""
        match node:
            case ir.Map():
                return self._map(node)
            case ir.Branch():
                return self._branch(node)
            case ir.Guard():
                return self._guard(node)
            case _:
                return self._step(node)

    def _step(
        self,
        node: ir.Call | ir.Compute,
        further: Types | None = None,
    ) -> Callee:
        name = self._reserve(node.id, node.span)
        parts = step_parts(node, name, self._pipeline, self._types, further or {})
        self._components[name] = parts.component
        self.executors[executor_label(name)] = parts.executor
        self.configs[executor_label(name)] = parts.config
        return parts.callee

    # --- maps --------------------------------------------------------------------------------

    def _map(self, node: ir.Map) -> Callee:
        constant = constant_items(node)
        if constant == []:
            nothing = self._empty_lists(node)
            return renamed(self._step(nothing), nothing.id, gathers(node))
        gathered = gathers(node)
        if constant or not gathered:
            return self._loop(node, node.id, gathered)
        return self._guarded_loop(node, gathered)

    def _empty_lists(self, node: ir.Map) -> ir.Compute:
        empty = {key: ir.Const(text="[]") for key in own_keys(gathers(node)).values()}
        return handing_on(node.id, empty, *self._own(node))

    def _guarded_loop(self, node: ir.Map, gathered: Mapping[ir.Gather, AnyReference]) -> Callee:
        """Add a DAG of the loop, for some items, and of a step that gives empty lists, for none."""
        name = self._reserve(node.id, node.span)
        looped = {
            ir.Gather(map=f"{node.id}/loop", name=gather.name): value
            for gather, value in gathered.items()
        }
        self._types.add_lists(looped)
        graph = Graph(self._map_scope(node))
        full = graph.add(
            "full",
            self._loop(node, f"{node.id}-full", looped),
            condition=f"{_read(ITEMS)} != []",
        )
        keys = own_keys(gathered)
        lists = dict(zip(keys.values(), looped, strict=True))
        handed = handing_on(f"{node.id}-pass", lists, *self._own(node))
        graph.add("pass", self._step(handed), after=[full])
        empty = self._empty_lists(node).replace(id=f"{node.id}-empty")
        graph.add(
            "empty",
            self._step(empty, {ITEMS: "LIST"}),
            condition=f"{_read(ITEMS)} == []",
            further={ITEMS: manifest.InputParameter(component_input_parameter=ITEMS)},
        )
        taken = {key: [("pass", key), ("empty", key)] for key in keys.values()}
        self._components[name] = components.one_of(graph, taken)
        return _callee(name, graph.scope, keys.items())

    def _loop(
        self, node: ir.Map, wanted: str, gathered: Mapping[ir.Gather, AnyReference]
    ) -> Callee:
        """Add a DAG around the loop of `node`; `gathered` are the lists that it gives."""
        name = self._reserve(wanted, node.span)
        graph = Graph(self._map_scope(node))
        constant = constant_items(node)
        body = self._body(node, f"{wanted}-{EACH}", gathered)
        given = manifest.InputParameter(component_input_parameter=ITEMS)
        items = (
            manifest.Items(raw=wire.encode_marked_list(constant))
            if constant
            else manifest.Items(input_parameter=ITEMS)
        )
        graph.add(
            EACH,
            body,
            iterator=manifest.ParameterIterator(items=items, item_input=ITEM),
            further={} if constant else {ITEMS: given},
        )
        exits = {key: gather for gather, key in body.outputs.items()}
        self._components[name] = components.direct(graph, exits, dict.fromkeys(exits, "LIST"))
        return Callee(name, graph.scope.inputs, body.outputs)

    def _map_scope(self, node: ir.Map) -> Scope:
        closure = [*dataflow.node_references(node), *self._store()]
        items = reference(node.items)
        preferred = [] if isinstance(items, ir.Const) else [(items, ITEMS)]
        return Scope(self._types, closure, preferred=preferred)

    def _body(
        self, node: ir.Map, wanted: str, gathered: Mapping[ir.Gather, AnyReference]
    ) -> Callee:
        """Add the DAG that runs once for each item."""
        name = self._reserve(wanted, node.span)
        item = ir.Item(map=node.id)
        closure = [
            item,
            *dataflow.free_references(node.body, gathered.values()),
            *self._store(),
        ]
        further: Types = {} if constant_items(node) else {ITEMS: "LIST"}
        graph = Graph(Scope(self._types, closure, preferred=[(item, ITEM)], further=further))
        self._add_block(graph, node.body)
        keys = direct_keys(node, gathered, graph.scope) if graph.tasks else None
        exits = {key: gathered[gather] for gather, key in (keys or {}).items()}
        if keys is None:
            keys = own_keys(gathered)
            lists = {keys[gather]: value for gather, value in gathered.items()}
            collect = handing_on(f"{node.id}-collect", lists, *self._own(node))
            graph.add("collect", self._step(collect))
            exits = {key: ir.Output(node=collect.id, name=key) for key in lists}
        # A body's outputs are declared as the loop gives them.
        self._components[name] = components.direct(graph, exits, dict.fromkeys(exits, "LIST"))
        return _callee(name, graph.scope, keys.items())

    # --- branches ----------------------------------------------------------------------------

    def _branch(self, node: ir.Branch) -> Callee:
        name = self._reserve(node.id, node.span)
        condition = reference(node.condition)
        closure = [condition, *dataflow.node_references(node), *self._store()]
        graph = Graph(Scope(self._types, closure, preferred=[(condition, CONDITION)]))
        names = Names("_")
        keys = {m.name: names.take(parameter_name(m.name)) for m in node.merges}
        taken: dict[str, list[tuple[str, str]]] = {key: [] for key in keys.values()}
        for outcome in (True, False):
            values = {
                keys[m.name]: reference(m.then if outcome else m.otherwise) for m in node.merges
            }
            for key, source in self._arm(graph, node, outcome, values).items():
                taken[key].append(source)
        if not graph.tasks:
            graph.add("nothing", self._step(handing_on(f"{node.id}-nothing", {}, *self._own(node))))
        self._components[name] = components.one_of(graph, taken)
        merges = {ir.Merge(branch=node.id, name=merge): key for merge, key in keys.items()}
        return _callee(name, graph.scope, merges.items())

    def _arm(
        self, graph: Graph, node: ir.Branch, outcome: bool, values: Mapping[str, AnyReference]
    ) -> dict[str, tuple[str, str]]:
        """Add the tasks of an arm; return, for each of `values`, the container that gives it."""
        arm, nodes = ("then", node.then.nodes) if outcome else ("otherwise", node.otherwise.nodes)
        wanted = f"{node.id}-{arm}"
        condition = f"{_read(CONDITION)} {'==' if outcome else '!='} 'true'"
        given = {CONDITION: manifest.InputParameter(component_input_parameter=CONDITION)}
        if len(nodes) == 1 and isinstance(nodes[0], ir.Call | ir.Compute):
            step = nodes[0]
            if all(is_value_of(step, value) for value in values.values()):
                callee = self._step(step, {CONDITION: "STRING"})
                task = graph.add(arm, callee, condition=condition, further=given)
                return {key: (task, callee.outputs[value]) for key, value in values.items()}
        handed = handing_on(f"{wanted}-pass", values, *self._own(node))
        if nodes:
            block = ir.Block(nodes=nodes)
            further: Types = {CONDITION: "STRING"}
            callee = self._sub_dag(wanted, block, values.values(), node.span, further)
            task = graph.add(arm, callee, condition=condition, further=given)
            if values:
                task = graph.add(f"{arm}-pass", self._step(handed), after=[task])
        elif values:
            callee = self._step(handed, {CONDITION: "STRING"})
            task = graph.add(arm, callee, condition=condition, further=given)
        return {key: (task, key) for key in values}

    def _sub_dag(
        self,
        wanted: str,
        block: ir.Block,
        values: Iterable[AnyReference],
        span: Span,
        further: Types | None = None,
    ) -> Callee:
        """Add the DAG of `block`; it gives those of `values` that are made inside it."""
        name = self._reserve(wanted, span)
        inside = {node.id for node in block.nodes}
        made = [v for v in dict.fromkeys(values) if dataflow.defining_node(v) in inside]
        names = Names("_")
        exits = {names.take(_output_name(value)): value for value in made}
        closure = [*dataflow.free_references(block), *self._store()]
        graph = Graph(Scope(self._types, closure, further=further))
        self._add_block(graph, block)
        self._components[name] = components.direct(graph, exits, self._types.of_all(exits))
        return _callee(name, graph.scope, zip(exits.values(), exits, strict=True))

    # --- guards ------------------------------------------------------------------------------

    def _guard(self, node: ir.Guard) -> Callee:
        name = self._reserve(node.id, node.span)
        graph = Graph(Scope(self._types, [*dataflow.node_references(node), *self._store()]))
        values = [reference(exit.value) for exit in node.exits]
        body = self._part(f"{node.id}-body", node.body, values, node.span)
        body_task = graph.add("body", body)
        cleanup = self._part(f"{node.id}-cleanup", node.cleanup, values, node.span)
        ended = whatever_becomes_of(body_task)
        cleanup_task = graph.add("cleanup", cleanup, after=[ended])
        # A last task that is omitted makes the run fail, also after a cleanup that succeeded; its
        # own condition is false, so that it needs no pod of its own.
        passed = self._step(handing_on(f"{node.id}-passed", {}, *self._own(node)))
        graph.add("passed", passed, after=[body_task, cleanup_task], condition="false")
        names = Names("_")
        keys = {names.take(parameter_name(e.name)): e for e in node.exits}
        exits = {key: reference(exit.value) for key, exit in keys.items()}
        self._components[name] = components.direct(graph, exits, self._types.of_all(exits))
        merges = ((ir.Merge(branch=node.id, name=exit.name), key) for key, exit in keys.items())
        return _callee(name, graph.scope, merges)

    def _part(
        self, wanted: str, block: ir.Block, values: Iterable[AnyReference], span: Span
    ) -> Callee:
        nodes = block.nodes
        if len(nodes) == 1 and isinstance(nodes[0], ir.Call | ir.Compute):
            return self._step(nodes[0])
        return self._sub_dag(wanted, block, values, span)

    # --- all ---------------------------------------------------------------------------------

    def _reserve(self, id: str, span: Span) -> str:
        name = self._names.take(f"comp-{object_name(id)}")
        self._components[name] = None
        self.spans[name] = span
        return name

    def _own(self, node: ir.Map | ir.Branch | ir.Guard) -> tuple[StepSettings, Span]:
        return self._own_settings(node), node.span

    def _own_settings(self, node: ir.Map | ir.Branch | ir.Guard | None = None) -> StepSettings:
        """Return the settings of a step of our own making, with the image of a step near it."""
        blocks = [*(dataflow.blocks(node) if node else ()), self._pipeline.body]
        for block in blocks:
            for step in dataflow.walk(block):
                if isinstance(step, ir.Call | ir.Compute):
                    return step.settings.for_added_step(self._pipeline.defaults)
        raise InternalError("a pipeline without a step")


def _read(name: str) -> str:
    """Return the CEL that reads the input `name` of a task."""
    return f"inputs.parameter_values['{name}']"


def _callee(name: str, scope: Scope, outputs: Iterable[tuple[AnyReference, str]]) -> Callee:
    return Callee(name, scope.inputs, dict(outputs))


def _output_name(value: AnyReference) -> str:
    if not isinstance(value, ir.Output | ir.Gather | ir.Merge):
        raise InternalError(f"{value!r} is no output")
    node = dataflow.defining_node(value)
    return parameter_name(f"{node}_{value.name}")
