"""Lowering of expressions: steps are taken out as nodes, what stays is glue."""

import ast

from headrace.compiler import glue, ir
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.diagnostics import Related
from headrace.compiler.frontend import fold
from headrace.compiler.frontend.absent import refuse_absent
from headrace.compiler.frontend.blocks import BlockBuilder
from headrace.compiler.frontend.calls import lower_call
from headrace.compiler.frontend.comprehensions import lower_comprehension
from headrace.compiler.frontend.lowering import (
    REFUSED,
    Environment,
    Lowering,
    identifier,
)
from headrace.compiler.frontend.names import (
    lower_name,
    name_error,
    read_module_attribute,
    report_unknown,
)
from headrace.compiler.frontend.project import Definition
from headrace.compiler.frontend.records import enum_member, is_record
from headrace.compiler.frontend.scopes import names_bound
from headrace.compiler.frontend.types import Record, field, show
from headrace.compiler.frontend.value_types import is_whole_artifact
from headrace.compiler.source import Span
from headrace.compiler.suggestions import did_you_mean
from headrace.runtime import wire

_LONGEST_INLINE = 200
"""Constants with longer texts are bound to a name in glue instead of being written out in it."""


class ExpressionLowering(ast.NodeTransformer):
    """Lowers expressions of one block, in the environment of the moment.

    As a transformer it turns an expression into glue whose names are those of `Lowering.name_of`,
    adding a node to the block for every step on the way, in Python's order of evaluation.
    """

    def __init__(self, shared: Lowering, block: BlockBuilder, environment: Environment) -> None:
        """Lower into `block`, reading variables from `environment`."""
        self.shared = shared
        self.block = block
        self.environment = environment
        self.hint = ""
        self.lazy = 0
        self.bound: list[dict[str, str]] = []
        self.consumed: ast.expr | None = None

    # --- what statements ask for ---------------------------------------------------------------

    def value(self, expression: ast.expr, hint: str = "") -> AnyValue:
        """Return the value of `expression`; `hint` names the nodes that it needs."""
        return self.wrap(self.taken(expression, hint))

    def taken(self, expression: ast.expr, hint: str) -> ast.expr:
        """Return `expression` as glue; `hint` names the nodes that it needs."""
        outer, self.hint = self.hint, hint or self.hint
        transformed: ast.expr = self.visit(expression)
        self.hint = outer
        return transformed

    def wrap(self, transformed: ast.expr) -> AnyValue:
        """Return the value of glue whose names are already those of `Lowering.name_of`."""
        by_name = self.shared.by_name
        if isinstance(transformed, ast.Name) and transformed.id in by_name:
            return by_name[transformed.id]
        try:
            return ir.Const(text=wire.encode(fold.constant(transformed)))
        except fold.NotConstant:
            pass
        names = dict.fromkeys(
            n.id
            for n in ast.walk(transformed)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        )
        used = tuple((name, by_name[name]) for name in names if name in by_name)
        return ir.Glue(source=glue.source_text(transformed), names=used)

    def error(
        self,
        code: str,
        node: ast.AST,
        message: str,
        *,
        label: str = "",
        hint: str = "",
        related: tuple[Related, ...] = (),
    ) -> ast.expr:
        """Report an error at `node`, and return what stands for it from there on."""
        span = self.shared.module.span(node)
        self.shared.sink.report(code, message, span, label=label, hint=hint, related=related)
        return self.refused()

    def refused(self) -> ast.expr:
        """Return what stands for a value that was refused."""
        return ast.Name(self.shared.name_of(REFUSED, "refused"), ast.Load())

    def embed(self, value: AnyValue, wanted: str) -> ast.expr:
        """Return an expression for `value`, for use within glue; `wanted` is a name for it."""
        if isinstance(value, ir.Glue):
            if not self.lazy:
                self.block.obligations.pop(value, None)
            return glue.parsed(value)
        # What is more than JSON may be of a class of the project, which is not imported here.
        is_plain = isinstance(value, ir.Const) and '"!"' not in value.text
        if isinstance(value, ir.Const) and is_plain and len(value.text) <= _LONGEST_INLINE:
            return fold.literal(wire.decode(value.text))
        return ast.Name(self.shared.name_of(value, wanted), ast.Load())

    def check_steers(self, value: AnyValue, node: ast.expr) -> None:
        """Report it if `value`, which decides what runs, is an artifact."""
        of = self.shared.types.of(value)
        if is_whole_artifact(of):
            self.error(
                "HR309",
                node,
                f"a `{show(of)}` is an artifact, which no condition can read",
                hint="return what decides from a step: a bool, a number or a text",
            )

    # --- names and operators -------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Read a variable, or a constant of the module."""
        return lower_name(self, node)

    def is_local(self, name: str) -> bool:
        """Whether `name` is a variable of the pipeline, bound at this place or not."""
        return (
            name in self.shared.local_names
            or name in self.environment
            or any(name in scope for scope in self.bound)
        )

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Keep `and` and `or` lazy: a step in a later operand becomes an arm of a branch."""
        if not any(map(self.has_step, node.values[1:])):
            values = [self.visit(node.values[0]), *map(self.visit_lazily, node.values[1:])]
            return ast.BoolOp(node.op, values)
        first, rest = node.values[0], node.values[1:]
        test = self.value(first)
        last = rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(node.op, rest), node)
        is_and = isinstance(node.op, ast.And)
        return self._branch(node, test, last if is_and else None, None if is_and else last)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """Keep a conditional expression lazy: with a step in an arm it is a branch."""
        if not (self.has_step(node.body) or self.has_step(node.orelse)):
            test = self.visit(node.test)
            return ast.IfExp(test, self.visit_lazily(node.body), self.visit_lazily(node.orelse))
        return self._branch(node, self.value(node.test), node.body, node.orelse)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Check operators, and keep the later operands of a chain lazy."""
        operands = [node.left, *node.comparators]
        for op, operand in zip(node.ops, node.comparators, strict=True):
            is_single = isinstance(operand, ast.Constant) and operand.value in (None, True, False)
            if isinstance(op, ast.Is | ast.IsNot) and not is_single:
                return self.error(
                    "HR303",
                    node,
                    "`is` compares identities, which do not survive a container",
                    hint="compare with `==`, or with `is None`",
                )
        if any(map(self.has_step, operands[2:])):
            return self._chained(node, operands)
        visited = [self.visit(operands[0]), self.visit(operands[1])]
        visited += map(self.visit_lazily, operands[2:])
        return ast.Compare(visited[0], node.ops, visited[1:])

    def _chained(self, node: ast.Compare, operands: list[ast.expr]) -> ast.expr:
        """Lower `a < b < c` as `a < b and b < c`, with `b` evaluated once."""
        names = [f"operand {len(self.environment)}", f"operand {len(self.environment) + 1}"]
        for name, operand in zip(names, operands, strict=False):
            self.environment[name] = self.value(operand)
        left, middle = (
            ast.copy_location(ast.Name(name, ast.Load()), operand)
            for name, operand in zip(names, operands, strict=False)
        )
        first = ast.copy_location(ast.Compare(left, node.ops[:1], [middle]), node)
        rest = ast.copy_location(ast.Compare(middle, node.ops[1:], operands[2:]), node)
        both = ast.copy_location(ast.BoolOp(ast.And(), [first, rest]), node)
        lowered: ast.expr = self.visit(both)
        for name in names:
            del self.environment[name]
        return lowered

    def visit_lazily(self, node: ast.expr) -> ast.expr:
        """Transform what Python may not evaluate, although it evaluates what is around it."""
        self.lazy += 1
        try:
            result: ast.expr = self.visit(node)
        finally:
            self.lazy -= 1
        return result

    def has_step(self, node: ast.AST) -> bool:
        """Whether `node` calls a function of the project."""
        shadowed = frozenset(
            name.id
            for inner in ast.walk(node)
            if isinstance(inner, ast.comprehension)
            for name in ast.walk(inner.target)
            if isinstance(name, ast.Name)
        )
        return any(
            isinstance(inner, ast.Call)
            and (dotted_name(inner.func) or "").split(".")[0] not in shadowed
            and self.callee(inner) is not None
            for inner in ast.walk(node)
        )

    def dotted(self, node: ast.expr) -> str | None:
        """Return `a.b.c` for the expression that says so, and nothing for any other."""
        return dotted_name(node)

    def callee(self, node: ast.Call) -> Definition | None:
        """Return the function or class of the project that `node` calls, if it calls one."""
        dotted = dotted_name(node.func)
        if dotted is None or self.is_local(dotted.split(".")[0]):
            return None
        project = self.shared.project
        definition = project.resolve(self.shared.module, dotted)
        if definition is None or definition.kind not in ("function", "class"):
            return None
        return None if is_record(project, definition) else definition

    # --- arms ----------------------------------------------------------------------------------

    def _branch(
        self, node: ast.expr, test: AnyValue, then: ast.expr | None, otherwise: ast.expr | None
    ) -> ast.expr:
        """Lower two expressions of which one is evaluated; None stands for the test itself."""
        span = self.shared.module.span(node)
        hint = self.hint or "value"
        name = self.shared.fresh_id(f"if-{hint}")
        self.check_steers(test, node)
        if isinstance(test, ir.Glue):
            self.block.obligations.pop(test, None)
        if None in (then, otherwise) and isinstance(test, ir.Glue):
            test = self.block.settle(test, "value", f"{name}-test", span)
        condition = self.block.settle(test, "condition", f"{name}-condition", span)
        arms = [self._arm(arm, test, hint, span) for arm in (then, otherwise)]
        choice = ir.Choice(name=identifier(hint), then=arms[0][1], otherwise=arms[1][1])
        self.block.add(
            ir.Branch(
                id=name,
                condition=condition,
                then=arms[0][0],
                otherwise=arms[1][0],
                merges=(choice,),
                span=span,
            )
        )
        merged = ir.Merge(branch=name, name=choice.name)
        self.shared.types[merged] = self.shared.types.merged([choice.then, choice.otherwise])
        return ast.Name(self.shared.name_of(merged, identifier(hint)), ast.Load())

    def _arm(
        self, arm: ast.expr | None, test: AnyValue, hint: str, span: Span
    ) -> tuple[ir.Block, AnyReference]:
        block = self.shared.new_block()
        inner = type(self)(self.shared, block, self.environment)
        inner.bound = self.bound
        value = test if arm is None else inner.value(arm, hint)
        reference = block.settle(value, "value", hint, span)
        return block.finish(), reference

    # --- calls and comprehensions --------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Lower a call: a step, an accepted builtin, or an accepted method."""
        return lower_call(self, node)

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        """Lower a comprehension: a map if it calls steps, else glue."""
        return lower_comprehension(self, node)

    visit_SetComp = visit_ListComp  # type: ignore[assignment]
    visit_DictComp = visit_ListComp  # type: ignore[assignment]
    visit_GeneratorExp = visit_ListComp  # type: ignore[assignment]

    # --- everything else -----------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Read a field of a result."""
        if node.attr.startswith("_"):
            return self.error(
                "HR102", node, f"`{node.attr}` is private", hint="return what you need from a step"
            )
        dotted = dotted_name(node)
        head = dotted.split(".")[0] if dotted else None
        if dotted and head and not self.is_local(head):
            constant = read_module_attribute(self, node, dotted)
            if constant is not None:
                return constant
            member = enum_member(self.shared.project, self.shared.module, node)
            if member is not None:
                return self.embed(member, node.attr)
            absent = refuse_absent(self, node, dotted)
            if absent is not None:
                return absent
            return name_error(
                self,
                node,
                f"`{dotted}` is not a value that a pipeline can read",
                hint="read it in a step, or pass it as a parameter",
            )
        value = self.visit(node.value)
        self._check_field(node, value)
        return ast.Attribute(value, node.attr, node.ctx)

    def _check_field(self, node: ast.Attribute, value: ast.expr) -> None:
        of = self.shared.types.of_glue(value, self.shared.by_name)
        if not isinstance(of, Record) or of.open or of.kind == "typeddict":
            return
        known = [*(each.name for each in of.fields), *of.others]
        if field(of, node.attr) is None and node.attr not in known:
            self.error(
                "HR308",
                node,
                f"`{show(of)}` has no field `{node.attr}`",
                hint=did_you_mean(node.attr, known) or f"it has {', '.join(known)}",
            )

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Accept the plain forms of expressions; refuse all others."""
        if isinstance(node, ast.expr) and not isinstance(node, _PLAIN):
            self.environment.update(dict.fromkeys(names_bound([node]), REFUSED))
            report_unknown(self, node)
            return self.error(
                "HR102",
                node,
                f"{_described(node)} is not accepted in a pipeline body",
                label="not accepted here",
                hint="move it into a step, which may be any Python",
            )
        if isinstance(node, ast.Constant) and not fold.is_plain(node.value):
            return self.error(
                "HR102",
                node,
                "only numbers, texts, booleans and None may stand here",
                hint="make this value in a step",
            )
        return super().generic_visit(_shallow_copy(node))


_PLAIN = (
    ast.Constant,
    ast.BinOp,
    ast.UnaryOp,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Subscript,
    ast.Slice,
    ast.List,
    ast.Set,
    ast.Tuple,
    ast.Dict,
    ast.Starred,
)


def _shallow_copy(node: ast.AST) -> ast.AST:
    fields = {n: list(v) if isinstance(v, list) else v for n, v in ast.iter_fields(node)}
    return ast.copy_location(type(node)(**fields), node) if fields else node


def dotted_name(node: ast.expr) -> str | None:
    """Return `a.b.c` for the expression that says so, and nothing for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted_name(node.value)
        return f"{head}.{node.attr}" if head else None
    return None


def _described(node: ast.AST) -> str:
    words = {
        ast.Lambda: "a lambda",
        ast.Await: "await",
        ast.Yield: "yield",
        ast.YieldFrom: "yield",
        ast.NamedExpr: "an assignment expression (`:=`)",
    }
    return words.get(type(node), f"this ({type(node).__name__})")
