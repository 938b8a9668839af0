"""The intermediate representation: a small, nested, immutable tree.

A `Pipeline` holds a `Block`; a block holds nodes in the order in which Python would reach them.
Values refer to nodes by id; an id is unique in the whole pipeline, so a value may refer to any node
of its own block or of an enclosing one that stands before it.
"""

from typing import Literal, TypeAlias

from msgspec import field

from headrace.compiler.frozen_struct import FrozenStruct
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.compiler.source import Span


class _Kind(FrozenStruct, tag=str.lower, tag_field="kind"):
    """The base of values and nodes: JSON tells them apart by their `kind`."""

    @property
    def kind(self) -> str:
        """The lower-cased name of the class."""
        return type(self).__name__.lower()


# --- values --------------------------------------------------------------------------------------


class Const(_Kind):
    """A value known at compile time; `text` is its JSON, as `headrace.runtime.wire` writes it."""

    text: str


class Param(_Kind):
    """A parameter of the run."""

    name: str


class Output(_Kind):
    """An output of a `Call` or a `Compute`."""

    node: str
    name: str = "out"


class Item(_Kind):
    """The element that the enclosing `Map` named `map` is at."""

    map: str


class Gather(_Kind):
    """The list of what each turn of a `Map` gave for `name`, in the order of the items.

    Another map may run over it: then it is `items`, a list that an engine reads.
    """

    map: str
    name: str = "out"
    role: Literal["value", "items"] = "value"


class Merge(_Kind):
    """What the arm of a `Branch` that was taken, or a `Guard`, gave for `name`."""

    branch: str
    name: str


class Glue(_Kind):
    """A Python expression over values, evaluated by the shim of the step that uses it.

    `source` is text that no template engine reads as its own (`headrace.compiler.glue`).
    Within one node a name always stands for the same value.
    """

    source: str
    names: "tuple[tuple[str, Reference], ...]" = ()


Reference: TypeAlias = Const | Param | Output | Item | Gather | Merge
"""A value that exists as a text of its own on an engine."""

Value: TypeAlias = Reference | Glue


# --- nodes ---------------------------------------------------------------------------------------


class Argument(FrozenStruct):
    """What a parameter of a step's function receives."""

    name: str
    value: Value


class OutputSpec(FrozenStruct):
    """An output of a step.

    A `value` is opaque to every engine. A `condition` is a bare `true` or `false`, and `items` a
    JSON list of opaque texts: those two are what an engine may read. `expression` is evaluated over
    its own names and, in a `Call`, over `result`, which is what the function returned; without one
    the output is the result itself. One that is `required` is evaluated although nothing reads it:
    Python would evaluate it, which may raise. One that is `gathered` is put into a list with those
    of the other turns of a map.
    """

    name: str
    role: Literal["value", "condition", "items"] = "value"
    expression: Glue | None = None
    required: bool = False
    gathered: bool = False


class Catch(FrozenStruct):
    """A handler of exceptions, under a name that is used once, and the classes that it handles.

    A class is written with dots, `module.Class`, or by its name alone if it is a builtin.
    """

    handler: str
    classes: tuple[str, ...]


class Call(_Kind):
    """A step: a function of the project's own source, run in a container.

    `after` names the nodes of the same block that must have succeeded before this one starts
    although no value comes from them. What the node raises of a class in `catches` is no failure:
    expressions of its outputs may read `caught`, which is then a tuple of the handler and the
    exception, else None; nothing reads its other outputs then.
    """

    id: str
    function: str
    arguments: tuple[Argument, ...] = ()
    outputs: tuple[OutputSpec, ...] = (OutputSpec(name="out"),)
    catches: tuple[Catch, ...] = ()
    after: tuple[str, ...] = ()
    settings: StepSettings
    span: Span


class Compute(_Kind):
    """A small container that only evaluates glue; every output has an expression."""

    id: str
    outputs: tuple[OutputSpec, ...]
    catches: tuple[Catch, ...] = ()
    after: tuple[str, ...] = ()
    settings: StepSettings
    span: Span


class Collected(FrozenStruct):
    """A value of a map's body that is gathered, or one that leaves a guard, under `name`."""

    name: str
    value: Value


class Map(_Kind):
    """A body that runs once for each item; an empty list is a success with empty gathers.

    `items` is a constant list, or an output or a gather whose role is `items`.
    """

    id: str
    items: Value
    body: "Block"
    gathers: tuple[Collected, ...] = ()
    after: tuple[str, ...] = ()
    span: Span


class Choice(FrozenStruct):
    """A name that a branch binds: its value in either arm."""

    name: str
    then: Value
    otherwise: Value


class Branch(_Kind):
    """Two arms, of which one runs; `condition` is an output whose role is `condition`."""

    id: str
    condition: Value
    then: "Block"
    otherwise: "Block"
    merges: tuple[Choice, ...] = ()
    after: tuple[str, ...] = ()
    span: Span


class Guard(_Kind):
    """A block and its cleanup, which runs after it whether it succeeded or failed.

    The guard succeeds if both do. `exits` are values of either block; nothing in `cleanup` reads
    what `body` makes.
    """

    id: str
    body: "Block"
    cleanup: "Block"
    exits: tuple[Collected, ...] = ()
    after: tuple[str, ...] = ()
    span: Span


Node: TypeAlias = Call | Compute | Map | Branch | Guard


class Block(FrozenStruct):
    """Nodes in the order in which Python would reach them."""

    nodes: tuple[Node, ...] = ()


# --- the pipeline --------------------------------------------------------------------------------


class FunctionParameter(FrozenStruct):
    """A parameter in the signature of a step's function; `annotation` is its source text."""

    name: str
    annotation: str | None = None
    has_default: bool = False


class Function(FrozenStruct):
    """A function that steps run: `module:name`, as the shim imports it."""

    key: str
    parameters: tuple[FunctionParameter, ...] = ()
    returns: str | None = None
    doc: str = ""
    span: Span


class PipelineParameter(FrozenStruct):
    """A parameter of the run; `default` is absent when a run must give it."""

    name: str
    annotation: str | None = None
    default: Const | None = None
    span: Span


class Code(FrozenStruct):
    """The source that a run executes: the first-party modules, and one digest over them.

    `imported_first` is the pipeline's own module where a step in another one may see that Python
    has imported it before. Where steps take their sources from the manifest, `sources` has the text
    of each module by the path of its file below the import root, and `encoded_sources` the base64
    of those that are not UTF-8.
    """

    digest: str
    modules: tuple[str, ...]
    imported_first: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    encoded_sources: dict[str, str] = field(default_factory=dict)

    @property
    def sources_travel(self) -> bool:
        """Whether a manifest has to bring the sources."""
        return bool(self.sources or self.encoded_sources)


class Pipeline(FrozenStruct):
    """A whole pipeline; `name` is legal as a Kubernetes name, `function` is `module:name`.

    `artifacts_at` is the first step, if there is one, whose annotations say that it hands on an
    artifact. `defaults` are the settings of a step that no table names, for steps that a pass or a
    target adds; None where no configuration was read.
    """

    name: str
    function: str
    doc: str = ""
    code: Code
    parameters: tuple[PipelineParameter, ...] = ()
    functions: tuple[Function, ...] = ()
    body: Block = Block()
    artifacts_at: Span | None = None
    result: Value = Const(text="null")
    settings: PipelineSettings = PipelineSettings()
    defaults: StepSettings | None = None
    span: Span
