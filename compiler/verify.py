"""What must hold in every pipeline in the IR, checked after each pass that makes one."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.print_ir import print_pipeline
from headrace.runtime.glue import FUNCTIONS, HELPERS

BUILTINS = frozenset({*FUNCTIONS.split(), *HELPERS})
"""The names that the shim gives to every glue expression."""

# RFC 1123, as Kubernetes reads it: names of labels.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def verify(pipeline: ir.Pipeline, *, steered: bool) -> None:
    """Check that `pipeline` is well formed.

    `steered` says that the passes have run which give engines something they can read: then
    conditions and items are outputs of such a role, and results are values of their own.

    Raises:
        InternalError: it is not; the message lists all that is wrong, then the printed IR.
    """
    view = _View(pipeline)
    checks = (*_ALWAYS, *_STEERED) if steered else _ALWAYS
    broken = list(dict.fromkeys(problem for check in checks for problem in check(view)))
    if broken:
        problems = "\n".join(f"- {problem}" for problem in broken)
        raise InternalError(f"the IR is not well formed:\n{problems}\n\n{print_pipeline(pipeline)}")


@dataclass(frozen=True)
class _Known:
    """The nodes that a value may refer to: those before its place in the block, and around that."""

    nodes: Mapping[str, tuple[int, AnyNode]]
    before: int
    outer: "_Known | None" = None

    @classmethod
    def after(cls, block: ir.Block, outer: "_Known | None" = None) -> "_Known":
        """Return what is known at the end of `block`."""
        nodes = {node.id: (position, node) for position, node in enumerate(block.nodes)}
        return cls(nodes, len(block.nodes), outer)

    def get(self, identifier: str) -> AnyNode | None:
        position, node = self.nodes.get(identifier, (self.before, None))
        if position < self.before:
            return node
        return self.outer.get(identifier) if self.outer else None


@dataclass(frozen=True)
class _Use:
    """A value, who uses it, and the nodes that it may refer to.

    `maps` are the maps around the place of the value. An `exit` leaves a block.
    """

    owner: str
    value: AnyValue
    known: _Known
    maps: frozenset[str]
    place: Literal["own", "exit"] = "own"
    own_names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _View:
    """A pipeline with what more than one check asks of it."""

    pipeline: ir.Pipeline

    @cached_property
    def nodes(self) -> tuple[AnyNode, ...]:
        return tuple(dataflow.walk(self.pipeline.body))

    @cached_property
    def uses(self) -> tuple[_Use, ...]:
        return tuple(_pipeline_uses(self.pipeline))

    @cached_property
    def glue(self) -> tuple[tuple[_Use, ir.Glue], ...]:
        return tuple((use, use.value) for use in self.uses if isinstance(use.value, ir.Glue))


_Check: TypeAlias = Callable[[_View], Iterator[str]]


def _pipeline_uses(pipeline: ir.Pipeline) -> Iterator[_Use]:
    known = _Known.after(pipeline.body)
    yield from _block_uses(pipeline.body, known, frozenset())
    yield _Use("the result", pipeline.result, known, frozenset(), "exit")


def _block_uses(block: ir.Block, known: _Known, maps: frozenset[str]) -> Iterator[_Use]:
    """Yield the uses in `block`; `known` is what is known at its end."""
    for position, node in enumerate(block.nodes):
        before = _Known(known.nodes, position, known.outer)
        own_names = _own_names(node)
        arguments = len(node.arguments) if isinstance(node, ir.Call) else 0
        for number, value in enumerate(dataflow.own_values(node)):
            if isinstance(node, ir.Call | ir.Compute) and number >= arguments:
                yield _Use(node.id, value, before, maps, own_names=own_names)
            else:
                yield _Use(node.id, value, before, maps)
        match node:
            case ir.Map():
                inside, around = _Known.after(node.body, before), maps | {node.id}
                yield from _block_uses(node.body, inside, around)
                yield from (_Use(node.id, g.value, inside, around, "exit") for g in node.gathers)
            case ir.Guard():
                body, cleanup = (_Known.after(part, before) for part in dataflow.blocks(node))
                yield from _block_uses(node.body, body, maps)
                yield from _block_uses(node.cleanup, cleanup, maps)
                both = _Known(cleanup.nodes, cleanup.before, body)
                yield from (_Use(node.id, e.value, both, maps, "exit") for e in node.exits)
            case ir.Branch():
                then, otherwise = (_Known.after(arm, before) for arm in dataflow.blocks(node))
                yield from _block_uses(node.then, then, maps)
                yield from _block_uses(node.otherwise, otherwise, maps)
                for merge in node.merges:
                    yield _Use(node.id, merge.then, then, maps, "exit")
                    yield _Use(node.id, merge.otherwise, otherwise, maps, "exit")


def _own_names(node: AnyNode) -> frozenset[str]:
    """Return the names that expressions of the outputs of `node` may read besides its values."""
    result = {"result"} if isinstance(node, ir.Call) else set()
    catching = isinstance(node, ir.Call | ir.Compute) and node.catches
    return frozenset(result | {"caught"} if catching else result)


def _repeated(names: Sequence[str]) -> list[str]:
    if len(names) == len(set(names)):
        return []
    return [name for name, count in Counter(names).items() if count > 1]


# --- names ---------------------------------------------------------------------------------------


def _ids_are_unique(view: _View) -> Iterator[str]:
    for identifier in _repeated([node.id for node in view.nodes]):
        yield f"more than one node has the id {identifier!r}"


def _ids_are_labels(view: _View) -> Iterator[str]:
    for identifier in (view.pipeline.name, *(node.id for node in view.nodes)):
        if not _LABEL.fullmatch(identifier):
            yield f"{identifier!r} is not lower-case letters, digits and inner '-'"


def _names_within_are_unique(view: _View) -> Iterator[str]:
    for kind, names in (
        ("parameters", [p.name for p in view.pipeline.parameters]),
        ("functions", [f.key for f in view.pipeline.functions]),
    ):
        yield from (f"the pipeline has two {kind} {name!r}" for name in _repeated(names))
    for node in view.nodes:
        match node:
            case ir.Call() | ir.Compute():
                kind, names = "outputs", [output.name for output in node.outputs]
            case ir.Map():
                kind, names = "gathers", [gather.name for gather in node.gathers]
            case ir.Branch():
                kind, names = "merges", [merge.name for merge in node.merges]
            case ir.Guard():
                kind, names = "exits", [exit.name for exit in node.exits]
        yield from (f"{node.id}: two {kind} {name!r}" for name in _repeated(names))


# --- references ----------------------------------------------------------------------------------


def _references_resolve(view: _View) -> Iterator[str]:
    parameters = {parameter.name for parameter in view.pipeline.parameters}
    for use in view.uses:
        for reference in dataflow.references(use.value):
            problem = _unresolved(reference, use, parameters)
            if problem:
                yield f"{use.owner}: {problem}"


def _unresolved(reference: AnyReference, use: _Use, parameters: set[str]) -> str | None:
    match reference:
        case ir.Const():
            return None
        case ir.Param():
            known = reference.name in parameters
            return None if known else f"no parameter {reference.name!r}"
        case ir.Item():
            known = reference.map in use.maps
            return None if known else f"the item of {reference.map!r} outside that map"
    owner = dataflow.defining_node(reference) or ""
    node = use.known.get(owner)
    if node is None:
        return f"no node {owner!r} before it in its block or around it"
    return None if reference.name in _given(node, reference) else _no_such(node, reference)


def _given(node: AnyNode, reference: ir.Output | ir.Gather | ir.Merge) -> set[str]:
    match reference, node:
        case ir.Output(), ir.Call() | ir.Compute():
            return {output.name for output in node.outputs}
        case ir.Gather(), ir.Map():
            return {gather.name for gather in node.gathers}
        case ir.Merge(), ir.Branch():
            return {merge.name for merge in node.merges}
        case ir.Merge(), ir.Guard():
            return {exit.name for exit in node.exits}
    return set()


def _no_such(node: AnyNode, reference: ir.Output | ir.Gather | ir.Merge) -> str:
    return f"the {node.kind} {node.id!r} has no {reference.kind} {reference.name!r}"


def _after_names_earlier_siblings(view: _View) -> Iterator[str]:
    inner = [block for node in view.nodes for block in dataflow.blocks(node)]
    for block in (view.pipeline.body, *inner):
        earlier: set[str] = set()
        for node in block.nodes:
            for identifier in node.after:
                if identifier not in earlier:
                    yield f"{node.id}: after {identifier!r}, which is no earlier node of its block"
            earlier.add(node.id)


# --- steps ---------------------------------------------------------------------------------------


def _computes_have_expressions(view: _View) -> Iterator[str]:
    for node in view.nodes:
        if isinstance(node, ir.Compute):
            for output in node.outputs:
                if output.expression is None:
                    yield f"{node.id}: output {output.name!r} of a compute has no expression"


def _calls_fit_functions(view: _View) -> Iterator[str]:
    functions = {function.key: function for function in view.pipeline.functions}
    parameters = {key: {p.name for p in f.parameters} for key, f in functions.items()}
    takes_any = {k: any(n.startswith("**") for n in names) for k, names in parameters.items()}
    for node in view.nodes:
        if not isinstance(node, ir.Call):
            continue
        names = [argument.name for argument in node.arguments]
        yield from (f"{node.id}: two arguments {name!r}" for name in _repeated(names))
        function = functions.get(node.function)
        if function is None:
            yield f"{node.id}: no function {node.function!r} in the pipeline"
            continue
        for name in names:
            if name not in parameters[function.key] and not takes_any[function.key]:
                yield f"{node.id}: {node.function} has no parameter {name!r}"


# --- glue ----------------------------------------------------------------------------------------


def _parsed(glue: ir.Glue) -> ast.expr | None:
    try:
        return ast.parse(glue.source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _glue_is_python(view: _View) -> Iterator[str]:
    for use, glue in view.glue:
        if _parsed(glue) is None:
            yield f"{use.owner}: the glue {glue.source!r} is not a Python expression"


def _glue_names_are_used_and_bound(view: _View) -> Iterator[str]:
    for use, glue in view.glue:
        tree = _parsed(glue)
        if tree is None:
            continue
        free = set(_free(tree))
        given = {name for name, _ in glue.names}
        allowed = given | BUILTINS | use.own_names
        for name in sorted(free - allowed):
            yield f"{use.owner}: {name!r} is not bound in the glue {glue.source!r}"
        for name in sorted(given - free):
            yield f"{use.owner}: {name!r} is not used in the glue {glue.source!r}"


def _free(node: ast.AST, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the names that `node` reads from outside itself, with the scopes of Python."""
    match node:
        case ast.Name(id=name):
            if name not in bound:
                yield name
        case ast.Lambda():
            spec = node.args
            arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
            for default in (*spec.defaults, *(d for d in spec.kw_defaults if d)):
                yield from _free(default, bound)
            yield from _free(node.body, bound | {a.arg for a in arguments if a})
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for part in node.generators:
                yield from _free(part.iter, bound)
                bound |= {n.id for n in ast.walk(part.target) if isinstance(n, ast.Name)}
                for condition in part.ifs:
                    yield from _free(condition, bound)
            results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for result in results:
                yield from _free(result, bound)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _free(child, bound)


def _names_of_a_node_mean_one_value(view: _View) -> Iterator[str]:
    meanings: dict[tuple[str, str], AnyReference] = {}
    for number, (use, glue) in enumerate(view.glue):
        # What leaves a block is evaluated apart from the node that holds the block.
        evaluated = f"exit {number}" if use.place == "exit" else use.owner
        for name, reference in glue.names:
            if meanings.setdefault((evaluated, name), reference) != reference:
                yield f"{use.owner}: the name {name!r} means two values"


# --- after the passes that steer -----------------------------------------------------------------


def _role(value: AnyValue, nodes: dict[str, AnyNode]) -> str | None:
    if isinstance(value, ir.Gather):
        return value.role
    if not isinstance(value, ir.Output):
        return None
    node = nodes.get(value.node)
    outputs = node.outputs if isinstance(node, ir.Call | ir.Compute) else ()
    return next((output.role for output in outputs if output.name == value.name), None)


def _engines_can_steer(view: _View) -> Iterator[str]:
    nodes = {node.id: node for node in view.nodes}
    for node in view.nodes:
        match node:
            case ir.Branch() if _role(node.condition, nodes) != "condition":
                yield f"{node.id}: its condition is not an output of that role"
            case ir.Map(items=ir.Const(text=text)):
                if not text.lstrip().startswith("["):
                    yield f"{node.id}: its constant items are no JSON array"
            case ir.Map():
                if _role(node.items, nodes) != "items":
                    yield f"{node.id}: its items are neither constant nor an output of that role"


def _exits_are_references(view: _View) -> Iterator[str]:
    if isinstance(view.pipeline.result, ir.Glue):
        yield "the result is glue"
    for node in view.nodes:
        match node:
            case ir.Map():
                named = [(gather.name, gather.value) for gather in node.gathers]
            case ir.Branch():
                named = [(m.name, value) for m in node.merges for value in (m.then, m.otherwise)]
            case ir.Guard():
                named = [(exit.name, exit.value) for exit in node.exits]
            case _:
                named = []
        for name, value in named:
            if isinstance(value, ir.Glue):
                yield f"{node.id}: {name!r} is glue"


_ALWAYS: tuple[_Check, ...] = (
    _ids_are_unique,
    _ids_are_labels,
    _names_within_are_unique,
    _references_resolve,
    _after_names_earlier_siblings,
    _computes_have_expressions,
    _calls_fit_functions,
    _glue_is_python,
    _glue_names_are_used_and_bound,
    _names_of_a_node_mean_one_value,
)
_STEERED: tuple[_Check, ...] = (_engines_can_steer, _exits_are_references)
