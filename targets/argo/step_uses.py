"""Which steps share a container template: those that differ in values only."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import msgspec

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.source import Span
from headrace.targets.argo.names import Names, object_name, parameter_name
from headrace.targets.step_command import glue_names

FUNCTION_INPUT = "headrace-function"
STEP_INPUT = "headrace-step"
"""The inputs of a template that many functions share; no input for a value has a dash."""

OWN_TEMPLATES = 100
"""So many different steps have a template each, as people expect; where there are more, functions
with the same inputs and settings share one. The CRD takes 200 templates, and a run keeps all of
them in one object beside its state."""

LONGEST_NAME = 100
"""Characters of a name that is made of those of inputs, of which there may be many."""

_ANY = object()
"""Stands for the function in the key of a template that many functions share."""

Step: TypeAlias = ir.Call | ir.Compute
_Key: TypeAlias = tuple[object, ...]


@dataclass
class StepTemplate:
    """A container template: its `shape` is a step whose values are inputs of the same name.

    With `any_function` the function and the step's id are inputs, too.
    """

    shape: Step
    nodes: list[Step] = field(default_factory=list)
    name: str = ""
    any_function: bool = False

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The inputs for values."""
        return tuple(_inputs_of(self.shape))

    @cached_property
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
    as its first step; one for many functions is called by its inputs.
    """
    nodes = list(_steps(pipeline))
    templates, keys = _templates(nodes)
    _name(templates.values(), names)
    uses: dict[str, StepUse] = {}
    for node in nodes:
        template = templates[keys[node.id]]
        values = [value for _, value in _bound(node)]
        inputs = dict(zip(template.inputs, values, strict=True))
        if template.any_function and isinstance(node, ir.Call):
            identity = {STEP_INPUT: node.id, FUNCTION_INPUT: node.function}
            inputs = {**{name: ir.Const(text=text) for name, text in identity.items()}, **inputs}
        uses[node.id] = StepUse(template, inputs)
    return uses


def _templates(nodes: Iterable[Step]) -> tuple[dict[_Key, StepTemplate], dict[str, _Key]]:
    """Return the templates, each by what its steps have in common, and the key of each step."""
    form = _Forms()
    keys = {node.id: form.key(node) for node in nodes}
    if len(set(keys.values())) > OWN_TEMPLATES:
        functions: dict[_Key, set[object]] = defaultdict(set)
        for key in keys.values():
            functions[key[1:]].add(key[0])
        keys = {
            node: (_ANY, *key[1:]) if len(functions[key[1:]]) > 1 else key
            for node, key in keys.items()
        }
    # One use in a map makes the texts of all uses short, rather than a template of its own.
    gathered: dict[_Key, set[str]] = defaultdict(set)
    for node in nodes:
        gathered[keys[node.id]].update(o.name for o in node.outputs if o.gathered)
    templates: dict[_Key, StepTemplate] = {}
    for node in nodes:
        key = keys[node.id]
        if key not in templates:
            shape = _generalise(node, gathered[key])
            templates[key] = StepTemplate(shape, any_function=key[0] is _ANY)
        templates[key].nodes.append(node)
    return templates, keys


class _Forms:
    """Tells steps apart by all but their values."""

    def __init__(self) -> None:
        # Steps share the objects of their settings, so that few of them are looked into.
        self._settings: dict[int, bytes] = {}

    def key(self, node: Step) -> _Key:
        settings = self._settings.get(id(node.settings))
        if settings is None:
            settings = self._settings[id(node.settings)] = msgspec.json.encode(node.settings)
        outputs = tuple((o.name, o.role, _glue_form(o.expression)) for o in node.outputs)
        catches = msgspec.json.encode(node.catches)
        if isinstance(node, ir.Compute):
            return "", None, outputs, settings, catches
        arguments = tuple((a.name, _glue_form(a.value)) for a in node.arguments)
        return node.function, arguments, outputs, settings, catches


def _glue_form(value: AnyValue | None) -> tuple[object, ...] | None:
    if not isinstance(value, ir.Glue):
        return None
    return value.source, tuple(name for name, _ in value.names)


def _name(templates: Collection[StepTemplate], names: Names) -> None:
    same_function = Counter(_function_name(t.shape) for t in templates)
    for template in templates:
        function = _function_name(template.shape)
        if template.any_function:
            wanted = "-".join(["step", *template.inputs])[:LONGEST_NAME]
        elif function and same_function[function] == 1:
            wanted = function
        else:
            wanted = template.nodes[0].id
        template.name = names.take(object_name(wanted))


def _steps(pipeline: ir.Pipeline) -> Iterator[Step]:
    for node in dataflow.walk(pipeline.body):
        if isinstance(node, ir.Call | ir.Compute):
            yield node


def _function_name(shape: Step) -> str:
    return shape.function.rpartition(":")[2] if isinstance(shape, ir.Call) else ""


def _bound(node: Step) -> Iterator[tuple[str, AnyReference]]:
    """Yield what the template of `node` needs an input for, and what that should be called."""
    if isinstance(node, ir.Call):
        yield from ((a.name, a.value) for a in node.arguments if not isinstance(a.value, ir.Glue))
    yield from glue_names(node).items()


def _inputs_of(node: Step) -> dict[str, AnyReference]:
    """Return the inputs that the template of `node` has for values, and what each receives."""
    names = Names("_")
    return {names.take(parameter_name(wanted)): value for wanted, value in _bound(node)}


def _generalise(node: Step, gathered: Set[str]) -> Step:
    """Return `node` with an input in place of each value, and these outputs `gathered`."""
    wanted = [name for name, _ in _bound(node)]
    inputs = [ir.Param(name=name) for name in _inputs_of(node)]
    direct = len(wanted) - len(glue_names(node))
    bound = dict(zip(wanted[direct:], inputs[direct:], strict=True))
    values = iter(inputs)

    def rebind(glue: ir.Glue) -> ir.Glue:
        return glue.replace(names=tuple((n, bound[n]) for n, _ in glue.names))

    outputs = tuple(
        ir.OutputSpec(
            name=o.name,
            role=o.role,
            expression=o.expression and rebind(o.expression),
            required=o.required,
            gathered=o.name in gathered,
        )
        for o in node.outputs
    )
    blank = {"id": "", "after": (), "span": Span(path="", line=0), "outputs": outputs}
    if isinstance(node, ir.Compute):
        return node.replace(**blank)
    arguments = tuple(
        ir.Argument(name=a.name, value=rebind(a.value))
        if isinstance(a.value, ir.Glue)
        else ir.Argument(name=a.name, value=next(values))
        for a in node.arguments
    )
    return node.replace(**blank, arguments=arguments)
