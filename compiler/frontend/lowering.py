"""What the lowering of one pipeline shares, and the names that it hands out."""

import ast
import keyword
from dataclasses import dataclass, field

from headrace.compiler import ir
from headrace.compiler.configuration import Configuration
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.diagnostics import Sink
from headrace.compiler.frontend import glue
from headrace.compiler.frontend.blocks import BlockBuilder, Names, kebab
from headrace.compiler.frontend.project import Definition, Module, Project, function_signature
from headrace.compiler.source import Span


@dataclass(frozen=True)
class Unavailable:
    """A name that only some arms of a branch bind."""

    bound_at: Span
    branch_at: Span


Environment = dict[str, AnyValue | Unavailable]


@dataclass
class Lowering:
    """What the lowering of one pipeline shares: the project, what was reported, the names used."""

    project: Project
    module: Module
    configuration: Configuration
    sink: Sink
    call_counts: dict[str, int]
    pipelines: frozenset[str]
    local_names: frozenset[str]
    ids: Names = field(default_factory=Names)
    functions: dict[str, ir.Function] = field(default_factory=dict)
    signatures: dict[int, ir.Function] = field(default_factory=dict)
    glue_names: Names = field(default_factory=lambda: Names(glue.BUILTINS | glue.RESERVED))
    named: dict[AnyReference, str] = field(default_factory=dict)
    by_name: dict[str, AnyReference] = field(default_factory=dict)
    inlined: dict[str, AnyValue] = field(default_factory=dict)

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

    def is_shared(self, constant: Definition) -> bool:
        """Whether code besides pipelines reads the constant of a module, and may change it."""
        if constant.module is not self.module:
            return True
        others = (
            statement
            for statement in self.module.tree.body
            if not (isinstance(statement, ast.FunctionDef) and statement.name in self.pipelines)
        )
        reads = (
            isinstance(node, ast.Name) and node.id == constant.name and type(node.ctx) is ast.Load
            for statement in others
            for node in ast.walk(statement)
        )
        return any(reads)

    def new_block(self) -> BlockBuilder:
        """Return an empty block of this pipeline."""
        return BlockBuilder(self.ids, lambda name: self.configuration.step([name]))


def identifier(name: str) -> str:
    """Return `name` as a Python name in ASCII that is no keyword."""
    plain = kebab(name).replace("-", "_")
    return f"_{plain}" if plain[0].isdigit() or keyword.iskeyword(plain) else plain
