"""What one function changes and reads that outlives its call, as far as its source tells.

What is not sure is left out: a warning that is wrong costs more than one that is missed.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headrace.compiler.frontend.modules import MUTATORS, Module
from headrace.compiler.frontend.names_of_state import (
    ENVIRONMENT,
    Cell,
    Function,
    State,
    chain,
    is_made_of,
    object_of,
    scope_of,
    state_of,
)
from headrace.compiler.frontend.project import Definition, Project

_How: TypeAlias = Literal["plain", "keyed", "check"]
"""A read of all there is, of what is under a key, or only of whether there is anything."""


@dataclass(frozen=True, eq=False)
class Callee:
    """A function that another one calls; `owner` is the class whose method it is."""

    module: Module
    node: Function
    owner: Definition | None = None


@dataclass(eq=False)
class Effects:
    """What the function `of` changes and reads, each with the first place where it does.

    `resets` are the cells that it makes anew before it reads them: what it reads there is its own.
    `private` are those that it only fills under keys and looks up by key, as a cache does.
    """

    of: Callee
    changes: dict[Cell, ast.AST] = field(default_factory=dict)
    reads: dict[Cell, ast.AST] = field(default_factory=dict)
    resets: set[Cell] = field(default_factory=set)
    private: set[Cell] = field(default_factory=set)
    callees: list[Callee] = field(default_factory=list)


def effects_of(project: Project, callee: Callee) -> Effects:
    """Return the effects of the function `callee`, without those of the functions it calls."""
    scan = _Scan(project, callee)
    scan.body(callee.node)
    found = scan.effects
    found.private = {
        cell
        for cell in found.changes.keys() & found.reads.keys()
        if cell.owner == ENVIRONMENT or (cell.part == "content" and cell not in scan.whole)
    }
    return found


class _Scan(ast.NodeVisitor):
    def __init__(self, project: Project, callee: Callee) -> None:
        self.effects = Effects(callee)
        self.whole: set[Cell] = set()
        """The cells that are changed or read otherwise than by key."""
        self._project = project
        self._scope = scope_of(callee.module, callee.node)
        self._checked: set[Cell] = set()
        self._classes = dict(self._annotated(callee))
        self._unused: ast.expr | None = None
        self._assigned: ast.expr | None = None

    def body(self, node: Function) -> None:
        for statement in node.body:
            self.visit(statement)

    # --- what is noted ---

    def _state(self, node: ast.expr) -> State | None:
        names = chain(node)
        return state_of(self._project, self._scope, names) if names else None

    def _read(self, node: ast.expr, how: _How = "plain", key: ast.expr | None = None) -> None:
        """Note that the chain of names `node` is read, and what it calls if it is a function."""
        state = self._state(node)
        if state is None:
            return
        if state.owner == ENVIRONMENT:
            self._read_variable(node, key)
            return
        self._follow(state)
        parts = dict.fromkeys(["content" if state.copy else "name", "content", state.part])
        for cell in map(state.cell, parts):
            if cell not in self.effects.reads and how == "check":
                self._checked.add(cell)
            self.effects.reads.setdefault(cell, node)
            if how == "plain":
                self.whole.add(cell)

    def _read_variable(self, place: ast.AST, key: ast.expr | None) -> None:
        name = self._text(key)
        if name is not None:
            self.effects.reads.setdefault(Cell(ENVIRONMENT, name, "content"), place)

    def _change_variable(self, place: ast.AST, key: ast.expr | None) -> None:
        """Note that a variable of the environment is set: from then on it is the function's own."""
        name = self._text(key)
        if name is not None:
            cell = Cell(ENVIRONMENT, name, "content")
            self.effects.changes.setdefault(cell, place)
            self.effects.resets.add(cell)

    def _change(self, cell: Cell, place: ast.AST, *, resets: bool, keyed: bool = False) -> None:
        self.effects.changes.setdefault(cell, place)
        if not keyed:
            self.whole.add(cell)
        if not resets:
            return
        parts = ("name", "content") if cell.part == "name" else (cell.part,)
        for part in parts:
            made = cell._replace(part=part)
            if made not in self.effects.reads or made in self._checked:
                self.effects.resets.add(made)

    def _text(self, node: ast.expr | None) -> str | None:
        """Return the string that `node` surely is, written here or as a constant of a module."""
        state = self._state(node) if node is not None else None
        if state and state.definition and state.definition.kind == "constant":
            constant = state.definition.node
            node = constant if isinstance(constant, ast.expr) and not state.attributes else None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return None

    # --- functions that are called ---

    def _follow(self, state: State) -> None:
        definition = state.definition
        if definition is None or definition.module is None:
            return
        if isinstance(definition.node, Function) and not state.attributes:
            self.effects.callees.append(Callee(definition.module, definition.node))
        elif isinstance(definition.node, ast.ClassDef):
            wanted = state.attributes[:1] or ("__new__", "__init__", "__post_init__")
            for name in wanted:
                self._follow_method(definition, name)

    def _follow_method(self, of: Definition, name: str) -> None:
        seen: list[ast.AST] = []
        waiting = [of]
        while waiting:
            definition = waiting.pop(0)
            node, module = definition.node, definition.module
            if not isinstance(node, ast.ClassDef) or module is None or node in seen:
                continue
            seen.append(node)
            for statement in node.body:
                if isinstance(statement, Function) and statement.name == name:
                    self.effects.callees.append(Callee(module, statement, of))
                    return
            bases = (self._project.resolve(module, ".".join(chain(b) or "?")) for b in node.bases)
            waiting.extend(base for base in bases if base)

    def _class(self, node: ast.expr | None) -> Definition | None:
        state = self._state(node) if node is not None else None
        found = state.definition if state and not state.attributes else None
        return found if found and isinstance(found.node, ast.ClassDef) else None

    def _annotated(self, callee: Callee) -> list[tuple[str, Definition]]:
        arguments = callee.node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        found = [(p.arg, self._class(p.annotation)) for p in parameters]
        if callee.owner and parameters:
            found.append((parameters[0].arg, callee.owner))
        return [(name, definition) for name, definition in found if definition]

    # --- expressions ---

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node)
        elif node.id in self._scope.declared:
            state = self._state(node)
            if state:
                self._change(state.cell("name"), node, resets=True)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not chain(node):
            self.visit(node.value)
        elif isinstance(node.ctx, ast.Load):
            self._read(node)
        else:
            self._store(node, resets=True)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.slice)
        if not isinstance(node.ctx, ast.Load):
            self._store(node, resets=False)
        elif chain(node.value):
            self._read(node.value, "keyed", node.slice)
        else:
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        match node:
            case ast.Compare(left=left, comparators=[ast.Constant(value=None)]) if chain(left):
                self._read(left, "check")
                return
        self.visit(node.left)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn) and chain(right):
                self._read(right, "keyed", node.left)
            else:
                self.visit(right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self._truth(node.operand) if isinstance(node.op, ast.Not) else self.visit(node.operand)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for value in node.values:
            self._truth(value)

    def visit_If(self, node: ast.If | ast.While) -> None:
        self._truth(node.test)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    visit_While = visit_If

    def _truth(self, node: ast.expr) -> None:
        self._read(node, "check") if chain(node) else self.visit(node)

    # --- calls ---

    def visit_Call(self, node: ast.Call) -> None:
        names = chain(node.func)
        if len(names) == 2 and names[0] in self._classes:
            self._follow_method(self._classes[names[0]], names[1])
        state = self._state(node.func)
        if state and state.owner == ENVIRONMENT:
            self._environment(node, state)
        elif isinstance(node.func, ast.Attribute):
            self._method(node, node.func)
        else:
            self.visit(node.func)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.visit(argument)

    def _method(self, node: ast.Call, func: ast.Attribute) -> None:
        """Note a call of a method, which may change its object or look something up in it."""
        of = object_of(func.value)
        is_whole = of is func.value
        state = self._state(of)
        if isinstance(of, ast.Call) and is_whole and (made := self._class(of.func)):
            self._follow_method(made, func.attr)
        if not state or not self._is_container(state, is_whole):
            self.visit(func)
            return
        key = node.args[0] if node.args else None
        is_keyed = is_whole and func.attr in ("setdefault", "get")
        if func.attr in MUTATORS:
            cell = state.cell(state.part)
            is_emptied = is_whole and func.attr == "clear"
            self._change(cell, func, resets=is_emptied, keyed=is_keyed)
            if node is not self._unused:
                self._read(of, "keyed" if is_keyed else "plain", key)
        elif is_whole:
            self._read(of, "keyed" if is_keyed else "plain", key)
        else:
            self.visit(func)

    def _is_container(self, state: State, is_whole: bool) -> bool:
        if not is_whole or state.attributes or state.owner in self._scope.kept.values():
            return True
        module = self._project.modules.get(state.owner)
        return module is not None and state.name in module.containers

    def _environment(self, node: ast.Call, state: State) -> None:
        match state.attributes, node.args:
            case ("get",), [key, *_]:
                self._read_variable(node, key)
            case ("setdefault" | "pop",), [key, *_]:
                self._change_variable(node, key)
            case ("update",), arguments:
                for argument in arguments:
                    for name in argument.keys if isinstance(argument, ast.Dict) else []:
                        self._change_variable(node, name)
                for keyword in node.keywords:
                    self._change_variable(node, ast.Constant(keyword.arg))

    # --- stores ---

    def visit_Expr(self, node: ast.Expr) -> None:
        self._unused = node.value
        self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assign(node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign([node.target], node.value)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        reads = set(self.effects.reads)
        self.visit(value)
        self._assigned = value
        for target in targets:
            self.visit(target)
        self._assigned = None
        if len(targets) > 1:
            return
        [target] = targets
        if isinstance(target, ast.Name) and isinstance(value, ast.Call):
            made = self._class(value.func)
            if made:
                self._classes[target.id] = made
        # What only goes into the next value of the same name is not yet seen by anyone.
        state = self._state(object_of(target))
        for cell in self.effects.reads.keys() - reads if state else ():
            if state and (cell.owner, cell.name) == (state.owner, state.name):
                del self.effects.reads[cell]

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        target = node.target
        if isinstance(target, ast.Name):
            state = self._state(target)
            if state and target.id in self._scope.declared:
                self._change(state.cell("name"), target, resets=False)
            elif state and target.id in self._scope.kept:
                self._change(state.cell("content"), target, resets=False)
        else:
            self._assigned = target
            self._store(target, resets=False)
            self._assigned = None

    def _store(self, target: ast.Attribute | ast.Subscript, *, resets: bool) -> None:
        """Note what a store to `target`, or its deletion, changes."""
        of = target if isinstance(target, ast.Attribute) else object_of(target)
        state = self._state(of)
        if state is None:
            self.visit(target.value)
        elif state.owner == ENVIRONMENT:
            if isinstance(target, ast.Subscript) and not state.attributes:
                self._change_variable(target, target.slice)
        elif isinstance(target, ast.Subscript):
            is_keyed = of is target.value and not is_made_of(self._assigned, target)
            cell = state.cell(state.part)
            self._change(cell, target, resets=False, keyed=is_keyed)
        elif state.attributes:
            resets = resets and len(state.attributes) == 1
            self._change(state.cell(state.part), target, resets=resets)
        elif not state.copy:
            self._change(state.cell("name"), target, resets=resets)

    # --- functions within this one ---

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if outside is not None:
                self.visit(outside)
        self._inside(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in (*node.decorator_list, *node.bases):
            self.visit(outside)
        self._inside(node, node.body)

    def _inside(self, node: ast.AST, body: Sequence[ast.AST]) -> None:
        around, self._scope = self._scope, self._scope.inner(node)
        for child in body:
            self.visit(child)
        self._scope = around
