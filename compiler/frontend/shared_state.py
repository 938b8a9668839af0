"""Warnings of state that steps share in one Python process, and not in containers of their own."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from headrace.compiler import ir
from headrace.compiler.diagnostics import Related, Severity
from headrace.compiler.frontend.effects import Callee, Effects, effects_of
from headrace.compiler.frontend.inlining import defaults
from headrace.compiler.frontend.lowering import Lowering
from headrace.compiler.frontend.modules import Module, is_container
from headrace.compiler.frontend.names_of_state import ENVIRONMENT, Cell
from headrace.compiler.frontend.project import Project
from headrace.compiler.frontend.seeds import warn_of_seeds
from headrace.compiler.frontend.unordered import warn_of_unordered

_HINTS_OF_STATE = re.compile(r"^\s+(?:import|from)\s|\bglobal\s|\benviron\b", re.MULTILINE)
"""What lets a function change state that the bindings of its module do not tell of."""


def warn_of_shared_state(shared: Lowering, node: ast.FunctionDef, body: ir.Block) -> None:
    """Report what Python keeps or orders within one process, and steps in containers do not.

    `body` is what the pipeline `node` was lowered to. Each function that its steps run is looked at
    once, and none where no module of the project changes anything of its own.
    """
    warn_of_unordered(shared, node)
    shared.project.closure()  # loads what is only imported, too
    steps = {key: callee for key in shared.functions if (callee := _step(shared.project, key))}
    warn_of_seeds(shared, body, steps.values())
    if not any(map(_may_change_state, shared.project.modules.values())) and not any(
        is_container(default)
        for step in steps.values()
        if isinstance(step.node, ast.FunctionDef)
        for _, default in defaults(step.node)
    ):
        return
    run = _Run(_summaries(shared.project, steps))
    run.block(body)
    for loss in run.losses.values():
        _report(shared, loss)


def _may_change_state(module: Module) -> bool:
    if module.changed and _HINTS_OF_STATE.search(module.source.text):
        return True
    return bool(module.changed & module.bindings.keys() or (module.changed and module.stars))


def _step(project: Project, key: str) -> Callee | None:
    name, _, function = key.partition(":")
    module = project.modules.get(name)
    found = project.resolve(module, function) if module else None
    if found is None or found.module is None or not isinstance(found.node, ast.FunctionDef):
        return None
    return Callee(found.module, found.node)


# --- what each step changes and reads ------------------------------------------------------------


@dataclass
class _Summary:
    """What a step changes, and what it reads that it has not made itself: cells with functions."""

    changes: list[tuple[Cell, Effects]] = field(default_factory=list)
    reads: list[tuple[Cell, Effects]] = field(default_factory=list)


def _summaries(project: Project, steps: dict[str, Callee]) -> dict[str, _Summary]:
    """Return by its key what each step does with the cells that some change and some read."""
    effects: dict[ast.AST, Effects] = {}
    callers: dict[ast.AST, list[ast.AST]] = {}
    waiting = list(steps.values())
    while waiting:
        callee = waiting.pop()
        if callee.node in effects:
            continue
        found = effects[callee.node] = effects_of(project, callee)
        for other in found.callees:
            callers.setdefault(other.node, []).append(callee.node)
            waiting.append(other)
    changed = {cell for found in effects.values() for cell in found.changes}
    shared = {cell for found in effects.values() for cell in found.reads if cell in changed}
    if not shared:
        return {}
    within: dict[ast.AST, list[Effects]] = {step.node: [] for step in steps.values()}
    for node, found in effects.items():
        if not shared.isdisjoint([*found.changes, *found.reads]):
            for step in _reaching(node, callers):
                if step in within:
                    within[step].append(found)
    return {key: _summary(within[step.node], shared) for key, step in steps.items()}


def _reaching(node: ast.AST, callers: dict[ast.AST, list[ast.AST]]) -> Iterator[ast.AST]:
    """Yield `node` and every function that calls it, also through others, once."""
    seen = {node}
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        for caller in callers.get(current, ()):
            if caller not in seen:
                seen.add(caller)
                waiting.append(caller)


def _summary(functions: list[Effects], shared: set[Cell]) -> _Summary:
    own = {cell for found in functions for cell in found.resets}
    return _Summary(
        [(cell, found) for found in functions for cell in found.changes if cell in shared],
        [(cell, f) for f in functions for cell in f.reads if cell in shared and cell not in own],
    )


# --- what is lost between calls ------------------------------------------------------------------


@dataclass(frozen=True)
class _Loss:
    """A change of `cell` in the call `changed`, which the call `read` does not see."""

    cell: Cell
    change: Effects
    changed: ir.Call
    reader: Effects
    read: ir.Call


_Changes: TypeAlias = dict[Cell, dict[Effects, ir.Call]]
"""The functions that have changed a cell so far, each with the first call in which it did."""


class _Run:
    """The calls of a pipeline in the order in which Python would make them."""

    def __init__(self, summaries: dict[str, _Summary]) -> None:
        self.losses: dict[tuple[Effects, str, str], _Loss] = {}
        self._summaries = summaries
        self._changes: _Changes = {}
        self._count = 0

    def block(self, block: ir.Block) -> None:
        """Follow `block`."""
        if not self._summaries:
            return
        for node in block.nodes:
            match node:
                case ir.Call():
                    self._call(node)
                case ir.Map():
                    before = self._count
                    self.block(node.body)
                    if self._count > before:
                        self.block(node.body)  # as another turn, after the first one's changes
                case ir.Branch():
                    self._branch(node)
                case ir.Guard():
                    self.block(node.body)
                    self.block(node.cleanup)

    def _branch(self, node: ir.Branch) -> None:
        before = {cell: dict(changes) for cell, changes in self._changes.items()}
        self.block(node.then)
        then, self._changes = self._changes, before
        self.block(node.otherwise)
        for cell, changes in then.items():
            for change, call in changes.items():
                self._changes.setdefault(cell, {}).setdefault(change, call)

    def _call(self, call: ir.Call) -> None:
        summary = self._summaries.get(call.function)
        if summary is None:
            return
        given = {argument.name for argument in call.arguments}
        for cell, reader in summary.reads:
            if not _is_given(cell, given):
                self._read(cell, reader, call)
        for cell, change in summary.changes:
            changes = self._changes.setdefault(cell, {})
            is_known = change in changes or _loss_key(change, cell) in self.losses
            if not is_known and not _is_given(cell, given):
                changes[change] = call
                self._count += 1

    def _read(self, cell: Cell, reader: Effects, call: ir.Call) -> None:
        """Note which changes of `cell` are lost to `call`; each is looked at until one is found."""
        changes = self._changes.get(cell, {})
        for change, changed in list(changes.items()):
            if change is not reader or cell not in reader.private:
                loss = _Loss(cell, change, changed, reader, call)
                self.losses.setdefault(_loss_key(change, cell), loss)
                del changes[change]


def _loss_key(change: Effects, cell: Cell) -> tuple[Effects, str, str]:
    return change, cell.owner, cell.name


def _is_default(cell: Cell) -> bool:
    return ":" in cell.owner


def _is_given(cell: Cell, given: Iterable[str]) -> bool:
    """Whether `cell` is the default of a parameter for which the call has a value."""
    return _is_default(cell) and cell.name in given


# --- what is said --------------------------------------------------------------------------------


def _report(shared: Lowering, loss: _Loss) -> None:
    change, reader, cell = loss.change.of.module, loss.reader.of.module, loss.cell
    step = loss.changed.function.partition(":")[2]
    other = loss.read.function.partition(":")[2]
    what = _described(cell)
    if _is_default(cell):
        code, message = "HR306", f"the default of `{cell.name}` keeps nothing between calls"
        hint = f"let `{step}` return what it collects, and pass that to the next call"
    elif step == other:
        code, message = "HR305", f"{what} is changed by `{step}`, and its next call does not see it"
        hint = f"return what `{step}` finds, and put it together in another step"
    else:
        code, message = "HR305", f"{what} is changed by `{step}`, and `{other}` does not see it"
        hint = f"return it from `{step}`, and pass it to `{other}`"
    if cell.owner == ENVIRONMENT:
        hint += ", or set it under `env` in the configuration"
    related = [
        Related(span=reader.span(loss.reader.reads[cell]), message="read here"),
        Related(span=loss.changed.span, message=f"`{step}` runs in a process of its own"),
        Related(span=loss.read.span, message=f"`{other}` runs in a process of its own"),
    ]
    shared.sink.report(
        code,
        message,
        change.span(loss.change.changes[cell]),
        label="lost when the step ends",
        hint=hint,
        severity=Severity.WARNING,
        related=tuple(related[:2] if loss.read is loss.changed else related),
    )


def _described(cell: Cell) -> str:
    if cell.owner == ENVIRONMENT:
        return f'`os.environ["{cell.name}"]`'
    return f"`{cell.name}{cell.part}`" if cell.part.startswith(".") else f"`{cell.name}`"
