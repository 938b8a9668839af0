"""What the lowering of one pipeline shares, and the names that it hands out."""

import ast
import keyword
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal

from headrace.compiler import glue, ir
from headrace.compiler.configuration import Configuration
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.diagnostics import Sink
from headrace.compiler.fresh_names import Names
from headrace.compiler.frontend.blocks import BlockBuilder, Role, kebab
from headrace.compiler.frontend.project import Definition, Module, Project, function_signature
from headrace.compiler.frontend.raising import is_iterable, may_raise
from headrace.compiler.frontend.value_types import ValueTypes
from headrace.compiler.source import Span

if TYPE_CHECKING:
    from headrace.compiler.frontend.statements import BlockLowering


@dataclass(frozen=True)
class Unavailable:
    """A name that Python may have left unbound: only some arms of a branch bind it, say.

    `why` says of the statement at `branch_at` what leaves the name unbound.
    """

    bound_at: Span
    branch_at: Span
    why: str = "another way through here leaves it unbound"


EXCEPTION = "caught exception"
"""The variable, with a name no source can write, that holds what was caught so far, or None."""

NOTHING = ir.Const(text="null")

REFUSED = ir.Param(name="refused value")
"""What stands for a value after an error, with a name that no source can write.

Nothing is known of it, so that no error follows from it.
"""

FreshKind = Literal["list", "dict"]

EMPTY: dict[FreshKind, ir.Const] = {"list": ir.Const(text="[]"), "dict": ir.Const(text="{}")}


class Environment(dict[str, AnyValue | Unavailable]):
    """What the names of a pipeline stand for at one place.

    `fresh` are those whose list or dict nothing else holds, so that adding to it changes nothing
    else. `unsure` are those whose value is only right if no exception was raised.
    """

    def __init__(
        self,
        names: Mapping[str, AnyValue | Unavailable] | None = None,
        fresh: Mapping[str, FreshKind] | None = None,
    ) -> None:
        """Start with `names`."""
        super().__init__(names or {})
        self.fresh = dict(fresh or {})
        self.unsure: set[str] = set()

    def inner(self, more: Mapping[str, AnyValue] | None = None) -> "Environment":
        """Return what the names stand for in a block within this one, and `more`."""
        added = more or {}
        fresh = {name: kind for name, kind in self.fresh.items() if name not in added}
        inner = Environment({**self, **added}, fresh)
        inner.unsure = self.unsure - added.keys()
        return inner


@dataclass
class Around:
    """The handlers around the place that is lowered; see `Lowering`."""

    catching: tuple[ir.Catch, ...] = ()
    handling: tuple[tuple[str | None, AnyValue], ...] = ()


@dataclass
class Lowering:
    """What the lowering of one pipeline shares: the project, what was reported, the names used.

    A sub-pipeline is lowered with a copy whose `module`, `call_counts` and `local_names` are its
    own; `prefix` then stands before its ids, and `callers` are the pipelines around it. `around` is
    the same for all, as blocks go on from one pipeline to another. `reported` are the names that
    were reported, each with where it means one thing; `statement` is the one that is lowered now.
    """

    project: Project
    module: Module
    configuration: Configuration
    sink: Sink
    call_counts: dict[str, int]
    pipelines: frozenset[str]
    local_names: frozenset[str]
    types: ValueTypes
    ids: Names = field(default_factory=Names)
    functions: dict[str, ir.Function] = field(default_factory=dict)
    signatures: dict[int, ir.Function] = field(default_factory=dict)
    glue_names: Names = field(default_factory=lambda: Names(glue.BUILTINS | glue.RESERVED))
    named: dict[AnyReference, str] = field(default_factory=dict)
    by_name: dict[str, AnyReference] = field(default_factory=dict)
    around: Around = field(default_factory=Around)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    handler_names: Names = field(default_factory=Names)
    reported: set[tuple[object, ...]] = field(default_factory=set)
    prefix: str = ""
    callers: tuple[str, ...] = ()
    statement: ast.stmt | None = None
    block_lowering: "Callable[[Lowering, BlockBuilder, Environment], BlockLowering]" = field(
        default_factory=lambda: _no_lowering
    )

    def fresh_id(self, wanted: str) -> str:
        """Return an id for a node, like `wanted`, within the (sub-)pipeline that is lowered."""
        return self.ids.fresh(kebab(f"{self.prefix}{wanted}"))

    def name_of(self, reference: AnyReference, wanted: str) -> str:
        """Return the one name by which glue reads `reference`; `wanted` if that is still free."""
        if reference not in self.named:
            name = self.glue_names.fresh(identifier(wanted), "_")
            self.named[reference] = name
            self.by_name[name] = reference
        return self.named[reference]

    def register(self, definition: Definition) -> ir.Function:
        """Return the signature of a step's function, which the pipeline lists from now on."""
        node = id(definition.node)
        if node not in self.signatures:
            function = function_signature(definition)
            self.signatures[node] = self.functions.setdefault(function.key, function)
        return self.signatures[node]

    def is_pipeline(self, definition: Definition) -> bool:
        """Whether `definition` is a pipeline, whose body is compiled, and no step."""
        module, name = definition.module, definition.name
        if definition.kind != "function" or module is None:
            return False
        listed = f"{module.name}:{name}" in self.pipelines
        ours = module is self.project.main and name in self.pipelines
        return name == "pipeline" or listed or ours

    def is_shared(self, constant: Definition) -> bool:
        """Whether code besides pipelines reads the constant of a module, and may change it."""
        if constant.module is not self.module:
            return True
        pipelines = {"pipeline", *self.pipelines}
        others = (
            statement
            for statement in self.module.tree.body
            if not (isinstance(statement, ast.FunctionDef) and statement.name in pipelines)
        )
        reads = (
            isinstance(node, ast.Name) and node.id == constant.name and type(node.ctx) is ast.Load
            for statement in others
            for node in ast.walk(statement)
        )
        return any(reads)

    def new_block(self) -> BlockBuilder:
        """Return an empty block of this pipeline."""
        return BlockBuilder(
            self.ids,
            lambda name: self.configuration.step([name]),
            lambda: self.catching,
            self._typed,
            self._may_raise,
        )

    def _may_raise(self, value: ir.Glue, role: Role) -> bool:
        types = {name: self.types.of(reference) for name, reference in value.names}
        if role == "items" and not is_iterable(self.types.of(value)):
            return True
        return may_raise(glue.parsed(value), types)

    def _typed(self, output: ir.Output, glue: ir.Glue) -> None:
        self.types[output] = self.types.of(glue)

    @property
    def catching(self) -> tuple[ir.Catch, ...]:
        """The handlers around what is lowered, the innermost first."""
        return self.around.catching

    @property
    def handling(self) -> tuple[tuple[str | None, AnyValue], ...]:
        """The names and the exceptions of the handlers whose own block is lowered.

        An exception is a tuple of its handler and itself.
        """
        return self.around.handling

    @contextmanager
    def within(
        self,
        *,
        catching: tuple[ir.Catch, ...] | None = None,
        handling: tuple[tuple[str | None, AnyValue], ...] | None = None,
    ) -> Iterator[None]:
        """Be within other handlers for a while."""
        around = self.around
        before = around.catching, around.handling
        around.catching = before[0] if catching is None else catching
        around.handling = before[1] if handling is None else handling
        yield
        around.catching, around.handling = before


def _no_lowering(*_: object) -> "BlockLowering":
    raise NotImplementedError


def identifier(name: str) -> str:
    """Return `name` as a Python name in ASCII that is no keyword."""
    plain = kebab(name).replace("-", "_")
    return f"_{plain}" if plain[0].isdigit() or keyword.iskeyword(plain) else plain
