"""Warnings of seeds that are sown in one process, where other steps do not draw from them."""

import ast
from collections.abc import Iterable, Iterator

from headrace.compiler import ir
from headrace.compiler.dataflow import walk
from headrace.compiler.diagnostics import Severity
from headrace.compiler.frontend.effects import Callee
from headrace.compiler.frontend.lowering import Lowering
from headrace.compiler.frontend.modules import Module
from headrace.compiler.frontend.names_of_state import chain
from headrace.compiler.frontend.project import Project

_SEEDS = frozenset(
    {
        "random.seed",
        "numpy.random.seed",
        "torch.manual_seed",
        "torch.cuda.manual_seed",
        "torch.cuda.manual_seed_all",
        "tensorflow.random.set_seed",
        "transformers.set_seed",
        "lightning.seed_everything",
        "lightning.pytorch.seed_everything",
        "pytorch_lightning.seed_everything",
    }
)
"""What seeds the one generator that a library keeps in each process."""


def warn_of_seeds(shared: Lowering, body: ir.Block, steps: Iterable[Callee]) -> None:
    """Report the seeds that several calls would share in one Python process.

    They are those that a module sows when it is imported, and those of one of the `steps` that does
    nothing else.
    """
    if sum(2 if isinstance(n, ir.Map) else isinstance(n, ir.Call) for n in walk(body)) < 2:
        return
    project = shared.project
    for module in project.modules.values():
        for seed, call in _seeds(project, module, _at_import(module.tree.body)):
            _report(shared, module, call, f"`{seed}` here seeds each step's process anew")
    for step in steps:
        calls = [n for n in ast.walk(step.node) if isinstance(n, ast.Call)]
        seeds = list(_seeds(project, step.module, calls))
        if seeds and len(seeds) == len(calls):
            seed, call = seeds[0]
            where = f"the process of `{step.node.name}`"
            _report(shared, step.module, call, f"`{seed}` seeds {where} alone")


def _seeds(
    project: Project, module: Module, nodes: Iterable[ast.AST]
) -> Iterator[tuple[str, ast.Call]]:
    for node in nodes:
        names = chain(node.func) if isinstance(node, ast.Call) else []
        found = project.resolve(module, ".".join(names)) if names else None
        if found and found.kind == "foreign" and found.name in _SEEDS:
            assert isinstance(node, ast.Call)
            yield found.name, node


def _at_import(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported, and not only as a script."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if not (isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)):
            yield from ast.walk(statement)


def _report(shared: Lowering, module: Module, node: ast.Call, message: str) -> None:
    shared.sink.report(
        "HR305",
        message,
        module.span(node),
        label="no other step draws from it",
        hint="seed in the step that draws, with a number that it is given",
        severity=Severity.WARNING,
    )
