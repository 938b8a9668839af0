"""Lowering of statements: assignments, branches, calls for effect, and the final return."""

import ast
from collections import Counter
from collections.abc import Sequence

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.compiler.frontend import glue
from headrace.compiler.frontend.blocks import BlockBuilder, Names, kebab
from headrace.compiler.frontend.calls import lower_step
from headrace.compiler.frontend.expressions import ExpressionLowering
from headrace.compiler.frontend.lowering import Environment, Lowering, Unavailable, identifier
from headrace.compiler.frontend.trees import nodes
from headrace.compiler.source import Span
from headrace.runtime import wire

_WAYS_OUT = {
    ast.For: ("a `for` loop", "write a list comprehension: `[step(x) for x in xs]`"),
    ast.While: ("a `while` loop", "put the loop into a step"),
    ast.With: ("`with`", "use the context manager in a step"),
    ast.Try: ("`try`", "handle the exception in a step"),
    ast.Match: ("`match`", "use `if` and `elif`"),
    ast.Assert: ("`assert`", "raise the exception in a step that checks the value"),
    ast.Raise: ("`raise`", "raise the exception in a step"),
    ast.AugAssign: ("an augmented assignment", "write it out: `x = x + y`"),
    ast.Import: ("an import", "import at the top of the module, or in a step"),
    ast.ImportFrom: ("an import", "import at the top of the module, or in a step"),
    ast.FunctionDef: ("a function definition", "define the function at the top of the module"),
    ast.Return: ("a `return` before the end", "bind the value in every arm, and return it last"),
}


class BlockLowering:
    """Lowers the statements of one block."""

    def __init__(self, shared: Lowering, block: BlockBuilder, environment: Environment) -> None:
        """Lower into `block`; `environment` is changed as names are bound."""
        self.shared = shared
        self.block = block
        self.environment = environment
        self.assigned: dict[str, Span] = {}

    @property
    def expressions(self) -> ExpressionLowering:
        """A lowering of expressions in the environment of the moment."""
        return ExpressionLowering(self.shared, self.block, self.environment)

    def run(self, statements: Sequence[ast.stmt], live: frozenset[str]) -> None:
        """Lower `statements`; `live` are the names that what follows them reads."""
        later: Counter[str] = Counter()
        if any(isinstance(statement, ast.If) for statement in statements):
            later.update(name for statement in statements for name in names_read(statement))
        for statement in statements:
            if later:
                later.subtract(names_read(statement))
            is_branch = isinstance(statement, ast.If)
            self._statement(statement, live.union(+later) if is_branch else live)

    def _statement(self, node: ast.stmt, live: frozenset[str]) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], value)
            case ast.AnnAssign() | ast.Pass():
                pass
            case ast.Expr(value=value):
                self._expression(value)
            case ast.If():
                self._if(node, live)
            case _:
                described, hint = _WAYS_OUT.get(
                    type(node), (f"this statement ({type(node).__name__})", "move it into a step")
                )
                self._error("HR102", node, f"{described} is not accepted in a pipeline body", hint)
                self._bind_names(node)

    def _error(self, code: str, node: ast.AST, message: str, hint: str) -> None:
        self.shared.sink.report(code, message, self.shared.module.span(node), hint=hint)

    def _bind_names(self, node: ast.AST) -> None:
        """Bind what a refused statement assigns, so that reading it is no second error."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self._bind(inner, ir.Const(text="null"), inner)

    def _expression(self, node: ast.expr) -> None:
        expressions = self.expressions
        if isinstance(node, ast.Constant):
            return
        definition = expressions.callee(node) if isinstance(node, ast.Call) else None
        if definition is not None and isinstance(node, ast.Call):
            lower_step(expressions, node, definition, effect=True, outputs=())
            return
        if expressions.has_step(node):
            self._error(
                "HR102",
                node,
                "the result of this expression is thrown away",
                "bind it to a name, or call the step alone on its line",
            )
            return
        self._require(expressions.value(node), node)

    def _require(self, value: AnyValue, node: ast.AST) -> None:
        if isinstance(value, ir.Glue):
            source = ast.parse(value.source, mode="eval").body
            if not glue.never_raises(source):
                self.block.require(value, self.shared.module.span(node))

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
            self._error(
                "HR302",
                node,
                "this iterator can be read only once, a name can be read many times",
                f"write `list({ast.unparse(node)})`",
            )
            for target in targets:
                self._bind_names(target)
            return
        if isinstance(node, ast.Call) and len(targets) == 1 and self._unpack_call(first, node):
            return
        value = expressions.value(node, _target_hint(first))
        self._require(value, node)
        for target in targets:
            self._bind(target, value, node)

    def _assign_each(self, target: ast.expr, node: ast.expr) -> bool:
        assert isinstance(target, ast.Tuple | ast.List)
        assert isinstance(node, ast.Tuple | ast.List)
        if any(isinstance(e, ast.Starred) for e in (*target.elts, *node.elts)):
            return False
        if len(target.elts) != len(node.elts):
            self._cannot_fit(target, len(node.elts), len(target.elts))
            self._bind_names(target)
            return True
        values = [
            self.expressions.value(element, _target_hint(part))
            for part, element in zip(target.elts, node.elts, strict=True)
        ]
        for part, value, element in zip(target.elts, values, node.elts, strict=True):
            self._require(value, element)
            self._bind(part, value, element)
        return True

    def _cannot_fit(self, node: ast.AST, given: int, wanted: int) -> None:
        self._error(
            "HR301",
            node,
            f"{given} values cannot be unpacked into {wanted} names",
            "give as many names as there are values",
        )

    def _unpack_call(self, target: ast.expr, node: ast.Call) -> bool:
        """Lower `a, b = step(...)` to a step with one output for each name."""
        expressions = self.expressions
        definition = expressions.callee(node)
        if definition is None or not isinstance(target, ast.Tuple | ast.List):
            return False
        names = [part.id for part in target.elts if isinstance(part, ast.Name)]
        if len(names) != len(target.elts) or len(set(names)) != len(names):
            return False
        size = _tuple_size(definition.node)
        if size is not None and size != len(names):
            self._cannot_fit(target, size, len(names))
        taken = Names()
        outputs = [taken.fresh(identifier(name), "_") for name in names]
        specs = tuple(
            ir.OutputSpec(name=output, expression=ir.Glue(source=_element(i, len(names))))
            for i, output in enumerate(outputs)
        )
        expressions.hint = names[0]
        step = lower_step(expressions, node, definition, outputs=specs)
        for part, name in zip(target.elts, outputs, strict=True):
            made = ir.Output(node=step.node, name=name) if step else ir.Const(text="null")
            self._bind(part, made, node)
        return True

    def _bind(self, target: ast.expr, value: AnyValue, node: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.environment[target.id] = value
            self.assigned[target.id] = self.shared.module.span(target)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value, node)
        else:
            self._error(
                "HR102",
                target,
                "only names can be assigned in a pipeline body",
                "make the changed object in a step that returns it",
            )

    def _unpack(self, target: ast.Tuple | ast.List, value: AnyValue, node: ast.expr) -> None:
        if any(isinstance(part, ast.Starred) for part in target.elts):
            self._error(
                "HR206",
                target,
                "a starred name is not accepted in a pipeline body",
                "use a slice: `rest = values[1:]`",
            )
            return
        expressions = self.expressions
        for index, part in enumerate(target.elts):
            whole = ast.unparse(expressions.embed(value, "value"))
            source = _element(index, len(target.elts), whole)
            element = expressions.wrap(ast.parse(source, mode="eval").body)
            self._require(element, node)
            self._bind(part, element, node)

    # --- branches --------------------------------------------------------------------------------

    def _if(self, node: ast.If, live: frozenset[str]) -> None:
        test = self.expressions.value(node.test, "condition")
        if isinstance(test, ir.Const):
            taken = node.body if wire.decode(test.text) else node.orelse
            self.run(taken, live)
            return
        span = self.shared.module.span(node)
        if isinstance(test, ir.Glue):
            self.block.obligations.pop(test, None)
        arms = [self._arm(statements, live) for statements in (node.body, node.orelse)]
        bound = dict.fromkeys(name for arm in arms for name in arm.assigned)
        merged = [name for name in bound if name in live and self._in_both(name, arms, span)]
        name = self.shared.ids.fresh(kebab(f"if-{self._branch_hint(merged, arms)}"))
        condition = self.block.settle(test, "condition", f"{name}-condition", span)
        choices = tuple(self._choice(variable, arms, span) for variable in merged)
        then, otherwise = (arm.block.finish() for arm in arms)
        effect = any(arm.block.has_effect for arm in arms)
        branch = ir.Branch(
            id=name, condition=condition, then=then, otherwise=otherwise, merges=choices, span=span
        )
        if then.nodes or otherwise.nodes or choices:
            self.block.add(branch, effect=effect)
        for variable in merged:
            self.environment[variable] = ir.Merge(branch=name, name=variable)
            self.assigned[variable] = span

    def _arm(self, statements: Sequence[ast.stmt], live: frozenset[str]) -> "BlockLowering":
        arm = BlockLowering(self.shared, self.shared.new_block(), dict(self.environment))
        arm.run(statements, live)
        return arm

    def _branch_hint(self, merged: list[str], arms: "list[BlockLowering]") -> str:
        if merged:
            return merged[0]
        return next(filter(None, (arm.block.first_step() for arm in arms)), "branch")

    def _in_both(self, name: str, arms: "list[BlockLowering]", span: Span) -> bool:
        """Whether both arms leave `name` bound; if not, reading it afterwards is an error."""
        for arm in arms:
            found = arm.environment.get(name)
            if found is None or isinstance(found, Unavailable):
                bound_at = next(a.assigned[name] for a in arms if name in a.assigned)
                self.environment[name] = Unavailable(bound_at, span)
                return False
        return True

    def _choice(self, name: str, arms: "list[BlockLowering]", span: Span) -> ir.Choice:
        references = []
        for arm in arms:
            value = arm.environment[name]
            assert not isinstance(value, Unavailable)
            arm.expressions.embed(value, name)
            references.append(arm.block.settle(value, "value", name, span))
        return ir.Choice(name=name, then=references[0], otherwise=references[1])


def names_read(statement: ast.AST) -> frozenset[str]:
    """Return the variables that `statement` reads anywhere in it."""
    return frozenset(
        node.id
        for node in nodes(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _target_hint(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
    return names[0] if names else ""


def _is_one_shot(node: ast.expr, expressions: ExpressionLowering) -> bool:
    if isinstance(node, ast.GeneratorExp):
        return True
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return False
    return node.func.id in glue.ONE_SHOT and expressions.callee(node) is None


def _tuple_size(function: ast.AST | None) -> int | None:
    """Return the length of the tuple that a function's annotation promises, if it says one."""
    returns = getattr(function, "returns", None)
    if isinstance(returns, ast.Constant) and isinstance(returns.value, str):
        try:
            returns = ast.parse(returns.value, mode="eval").body
        except SyntaxError:
            return None
    if not isinstance(returns, ast.Subscript) or not isinstance(returns.value, ast.Name):
        return None
    if returns.value.id not in ("tuple", "Tuple") or not isinstance(returns.slice, ast.Tuple):
        return None
    parts = returns.slice.elts
    if any(isinstance(p, ast.Constant) and p.value is Ellipsis for p in parts):
        return None
    return len(parts)


def _element(index: int, count: int, of: str = "result") -> str:
    """Return glue for element `index` of `of`, which raises as unpacking into `count` does."""
    return f"unpack({of}, {count})[{index}]"
