"""Lowering of statements: assignments, calls for effect, and what leads to blocks within."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from headrace.compiler import glue, ir
from headrace.compiler.dataflow import AnyValue, references
from headrace.compiler.fresh_names import Names
from headrace.compiler.frontend.additions import fresh_kind, lower_addition
from headrace.compiler.frontend.blocks import CAUGHT, BlockBuilder
from headrace.compiler.frontend.branches import lower_if, merge_name
from headrace.compiler.frontend.calls import CHANGING, lower_step
from headrace.compiler.frontend.cleanups import lower_any_try
from headrace.compiler.frontend.expressions import ExpressionLowering
from headrace.compiler.frontend.failures import Failure, lower_assert, lower_failure, lower_raise
from headrace.compiler.frontend.handlers import run_under_handlers
from headrace.compiler.frontend.loops import lower_for
from headrace.compiler.frontend.lowering import (
    REFUSED,
    Environment,
    Lowering,
    Unavailable,
    identifier,
)
from headrace.compiler.frontend.names import report_unknown
from headrace.compiler.frontend.scopes import live_after, names_bound
from headrace.compiler.frontend.structure import RESULT, unsupported_pattern
from headrace.compiler.frontend.types import Tuple
from headrace.compiler.frontend.value_types import is_unchangeable
from headrace.compiler.source import Span
from headrace.compiler.suggestions import counted

_WAYS_OUT = {
    ast.While: ("a `while` loop", "put the loop into a step"),
    ast.With: ("`with`", "use the context manager in a step"),
    ast.Delete: ("`del`", "leave the name bound"),
    ast.Import: ("an import", "import at the top of the module, or in a step"),
    ast.ImportFrom: ("an import", "import at the top of the module, or in a step"),
    ast.Global: ("`global`", "return the value from a step"),
    ast.Nonlocal: ("`nonlocal`", "return the value from a step"),
    ast.TryStar: ("`except*`", "use `except`, or handle the group in a step"),
    ast.Continue: ("a `continue` from within a `try`", "put what follows into `else`"),
    ast.AsyncFunctionDef: ("a function definition", "define it at the top of the module"),
    ast.FunctionDef: ("a function definition", "define the function at the top of the module"),
    ast.ClassDef: ("a class definition", "define the class at the top of the module"),
    ast.Return: ("a `return` from within a loop or `try`", "bind the value, and return it after"),
    ast.Break: ("`break`", "choose the items before the loop, or loop in a step"),
}


_LONGEST_GLUE = 2_000
"""Characters of an expression; one that is longer is evaluated once, not wherever it is read."""


class BlockLowering:
    """Lowers the statements of one block.

    `ends` tells that control never reaches the end of the block, `left` that it does so only with
    an exception that is handled further out.
    """

    def __init__(self, shared: Lowering, block: BlockBuilder, environment: Environment) -> None:
        """Lower into `block`; `environment` is changed as names are bound."""
        self.shared = shared
        self.block = block
        self.environment = environment
        self.assigned: dict[str, Span] = {}
        self.ends = False
        self.left = False

    @property
    def expressions(self) -> ExpressionLowering:
        """A lowering of expressions in the environment of the moment."""
        return ExpressionLowering(self.shared, self.block, self.environment)

    def inner(self, environment: Environment | None = None) -> "BlockLowering":
        """Return a lowering of a block within this one."""
        known = self.environment.inner() if environment is None else environment
        return BlockLowering(self.shared, self.shared.new_block(), known)

    def span(self, node: ast.AST) -> Span:
        """Return the place of `node`."""
        return self.shared.module.span(node)

    def run(self, statements: Sequence[ast.stmt], live: frozenset[str]) -> None:
        """Lower `statements`; `live` are the names that what follows them reads."""
        if self.shared.catching:
            run_under_handlers(self, statements, live)
            return
        later = live_after(statements, live)
        for index, statement in enumerate(statements):
            self.statement(statement, later.get(index, live))
            if self.ends:
                return

    def statement(self, node: ast.stmt, live: frozenset[str]) -> None:
        """Lower `node`; `live` are the names that are read after it."""
        self.shared.statement = node
        if lower_addition(self, node):
            return
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], value)
            case ast.AnnAssign() | ast.Pass():
                pass
            case ast.AugAssign():
                self._augment(node)
            case ast.Expr(value=value):
                self._expression(value)
            case ast.Raise():
                lower_raise(self, node)
            case Failure():
                lower_failure(self, node)
            case ast.If() | ast.For() | ast.Assert() | ast.Try():
                _WITH_BLOCKS[type(node)](self, node, live)
            case ast.Match():
                self._refuse_pattern(node)
            case _:
                described, hint = _WAYS_OUT.get(
                    type(node), (f"this statement ({type(node).__name__})", "move it into a step")
                )
                self.error("HR102", node, f"{described} is not accepted in a pipeline body", hint)
                self.bind_names(node)
                report_unknown(self.expressions, node)

    def error(self, code: str, node: ast.AST, message: str, hint: str) -> None:
        """Report an error at `node`."""
        self.shared.sink.report(code, message, self.span(node), hint=hint)

    def _refuse_pattern(self, node: ast.Match) -> None:
        self.error(
            "HR102",
            unsupported_pattern(node),
            "a pattern of a pipeline body is made of constants, `|` and one name",
            "use `if` and `elif`, or take the value apart in a step",
        )
        self.bind_names(node)
        report_unknown(self.expressions, node)

    def bind_names(self, node: ast.AST) -> None:
        """Bind what a refused statement assigns, so that reading it is no second error."""
        for name, place in names_bound([node]).items():
            self.environment[name] = REFUSED
            self.assigned[name] = self.span(place)

    def _expression(self, node: ast.expr) -> None:
        expressions = self.expressions
        if isinstance(node, ast.Constant):
            return
        definition = expressions.callee(node) if isinstance(node, ast.Call) else None
        if definition is not None and isinstance(node, ast.Call):
            lower_step(expressions, node, definition, effect=True, outputs=())
            return
        is_change = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        is_change = is_change and node.func.attr in CHANGING  # type: ignore[attr-defined]
        is_yield = isinstance(node, ast.Yield | ast.YieldFrom)
        if expressions.has_step(node) and not is_yield and not is_change:
            is_loop = isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
            self.error(
                "HR102",
                node,
                "the result of this expression is thrown away",
                "write it as a `for` loop, or bind it to a name"
                if is_loop
                else "bind it to a name, or call the step alone on its line",
            )
            return
        self.require(expressions.value(node), node)

    def require(self, value: AnyValue, node: ast.AST) -> None:
        """Remember that Python evaluates `value` here, which may raise."""
        if isinstance(value, ir.Glue) and not glue.never_raises(glue.parsed(value)):
            self.block.require(value, self.span(node))

    # --- assignments -----------------------------------------------------------------------------

    def _assign(self, targets: list[ast.expr], node: ast.expr) -> None:
        expressions = self.expressions
        first = targets[0]
        is_display = isinstance(node, ast.Tuple | ast.List) and isinstance(
            first, ast.Tuple | ast.List
        )
        if is_display and len(targets) == 1 and self._assign_each(first, node):
            return
        if _is_one_shot(node, expressions):
            self.error(
                "HR302",
                node,
                "this iterator can be read only once, a name can be read many times",
                f"write `{_as_list(node)}`",
            )
            for target in targets:
                self.bind_names(target)
            return
        if isinstance(node, ast.Call) and len(targets) == 1 and self._unpack_call(first, node):
            return
        value = expressions.value(node, _target_hint(first))
        self.require(value, node)
        if isinstance(value, ir.Glue) and len(value.source) > _LONGEST_GLUE:
            expressions.embed(value, _target_hint(first))
            value = self.block.settle(
                value, "value", _target_hint(first) or "value", self.span(node)
            )
        for target in targets:
            self.bind(target, value, node)
        kind = fresh_kind(node)
        if isinstance(first, ast.Name) and len(targets) == 1 and kind is not None:
            self.environment.fresh[first.id] = kind

    def _assign_each(self, target: ast.expr, node: ast.expr) -> bool:
        assert isinstance(target, ast.Tuple | ast.List)
        assert isinstance(node, ast.Tuple | ast.List)
        if any(isinstance(e, ast.Starred) for e in (*target.elts, *node.elts)):
            return False
        if len(target.elts) != len(node.elts):
            self._cannot_fit(target, len(node.elts), len(target.elts))
            self.bind_names(target)
            return True
        values = [
            self.expressions.value(element, _target_hint(part))
            for part, element in zip(target.elts, node.elts, strict=True)
        ]
        for part, value, element in zip(target.elts, values, node.elts, strict=True):
            self.require(value, element)
            self.bind(part, value, element)
            kind = fresh_kind(element)
            if isinstance(part, ast.Name) and kind is not None:
                self.environment.fresh[part.id] = kind
        return True

    def _cannot_fit(self, node: ast.AST, given: int, wanted: int) -> None:
        self.error(
            "HR301",
            node,
            f"{counted(given, 'value')} cannot be unpacked into {counted(wanted, 'name')}",
            "give as many names as there are values",
        )

    def _unpack_call(self, target: ast.expr, node: ast.Call) -> bool:
        """Lower `a, b = step(...)` to a step with one output for each name."""
        expressions = self.expressions
        definition = expressions.callee(node)
        if definition is None or not isinstance(target, ast.Tuple | ast.List):
            return False
        if self.shared.is_pipeline(definition):
            return False
        names = [part.id for part in target.elts if isinstance(part, ast.Name)]
        if len(names) != len(target.elts) or len(set(names)) != len(names):
            return False
        _, returned = self.shared.types.signature(definition)
        if isinstance(returned, Tuple) and len(returned.items) != len(names):
            self._cannot_fit(target, len(returned.items), len(names))
        taken = Names({CAUGHT})
        outputs = [taken.fresh(identifier(name), "_") for name in names]
        specs = tuple(
            ir.OutputSpec(
                name=output,
                expression=ir.Glue(source=_element(i, len(names))),
                required=i == 0,
            )
            for i, output in enumerate(outputs)
        )
        expressions.hint = names[0]
        step = lower_step(expressions, node, definition, outputs=specs)
        for part, name in zip(target.elts, outputs, strict=True):
            made = ir.Output(node=step.node, name=name) if step else REFUSED
            self.bind(part, made, node)
        return True

    def bind(self, target: ast.expr, value: AnyValue, node: ast.expr) -> None:
        """Bind what `target` names to `value`, which `node` gave."""
        if isinstance(target, ast.Name):
            self.environment[target.id] = value
            self.environment.fresh.pop(target.id, None)
            self.environment.unsure.discard(target.id)
            self.assigned[target.id] = self.span(target)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value, node)
        else:
            self.error(
                "HR102",
                target,
                "only names can be assigned in a pipeline body",
                "make the changed object in a step that returns it",
            )

    def _unpack(self, target: ast.Tuple | ast.List, value: AnyValue, node: ast.expr) -> None:
        if any(isinstance(part, ast.Starred) for part in target.elts):
            self.error(
                "HR206",
                target,
                "a starred name is not accepted in a pipeline body",
                "use a slice: `rest = values[1:]`",
            )
            self.bind_names(target)
            return
        expressions = self.expressions
        of = self.shared.types.of(value)
        if isinstance(of, Tuple) and len(of.items) != len(target.elts):
            self._cannot_fit(target, len(of.items), len(target.elts))
        for index, part in enumerate(target.elts):
            whole = ast.unparse(expressions.embed(value, "value"))
            source = _element(index, len(target.elts), whole)
            element = expressions.wrap(ast.parse(source, mode="eval").body)
            self.require(element, node)
            self.bind(part, element, node)

    def _augment(self, node: ast.AugAssign) -> None:
        """Lower `x += y` as `x = x + y`, which is the same for values that never change."""
        if not isinstance(node.target, ast.Name):
            self.error(
                "HR102",
                node.target,
                "only names can be assigned in a pipeline body",
                "make the changed object in a step that returns it",
            )
            return
        if self.environment.fresh.get(node.target.id) == "list" and isinstance(node.op, ast.Add):
            method = ast.Attribute(ast.Name(node.target.id, ast.Load()), "extend", ast.Load())
            call = ast.copy_location(ast.Call(method, [node.value], []), node)
            lower_addition(self, ast.copy_location(ast.Expr(call), node))
            return
        value = self.environment.get(node.target.id)
        if value is not None and not isinstance(value, Unavailable) and _is_known(value):
            of = self.shared.types.of(value)
            if not is_unchangeable(of):
                sign = ast.unparse(node)[len(node.target.id) + 1 :].partition("=")[0]
                right = f"{node.target.id} {sign} {ast.unparse(node.value)}"
                self.error(
                    "HR310",
                    node,
                    f"this may change `{node.target.id}` in place, which other names would see",
                    f"write `{node.target.id} = {right}`, or annotate what it comes from",
                )
        read = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        whole = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        self._assign([node.target], whole)


_WITH_BLOCKS: dict[type[ast.stmt], Callable[[BlockLowering, Any, frozenset[str]], None]] = {
    ast.If: lower_if,
    ast.For: lower_for,
    ast.Assert: lower_assert,
    ast.Try: lower_any_try,
}


def _is_known(value: AnyValue) -> bool:
    return REFUSED not in references(value)


def _target_hint(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return merge_name(target.id) if target.id == RESULT else target.id
    names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
    return names[0] if names else ""


def _is_one_shot(node: ast.expr, expressions: ExpressionLowering) -> bool:
    if isinstance(node, ast.GeneratorExp):
        return True
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return False
    return node.func.id in glue.ONE_SHOT and expressions.callee(node) is None


def _as_list(node: ast.expr) -> str:
    """Return the source of a list of what the iterator `node` gives."""
    if isinstance(node, ast.GeneratorExp):
        return ast.unparse(ast.ListComp(node.elt, node.generators))
    return f"list({ast.unparse(node)})"


def _element(index: int, count: int, of: str = "result") -> str:
    """Return glue for element `index` of `of`, which raises as unpacking into `count` does."""
    return f"unpack({of}, {count})[{index}]"
