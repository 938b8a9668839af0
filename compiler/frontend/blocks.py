"""Blocks under construction: nodes in order, the order of effects, values made outputs."""

import ast
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from headrace.compiler import ir
from headrace.compiler.dataflow import (
    AnyNode,
    AnyReference,
    AnyValue,
    defining_node,
    needed_nodes,
    references,
)
from headrace.compiler.fresh_names import Names
from headrace.compiler.glue import never_raises, parsed, source_text, substitute
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span

Role = Literal["value", "condition", "items"]

CAUGHT = "caught"
"""The output of a step under handlers that is a handler and the exception, or None."""


@lru_cache(maxsize=10_000)
def kebab(name: str) -> str:
    """Return `name` as a Kubernetes name: ASCII in lower case and dashes, a letter first."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "step"
    return f"n{name}" if name[0].isdigit() else name


class BlockBuilder:
    """Collects the nodes of one block."""

    def __init__(
        self,
        ids: Names,
        compute_settings: Callable[[str], StepSettings],
        catching: Callable[[], tuple[ir.Catch, ...]],
        typed: Callable[[ir.Output, ir.Glue], None],
        may_raise: Callable[[ir.Glue, Role], bool],
    ) -> None:
        """Start empty.

        `compute_settings` gives the settings of a `Compute` by its id, `catching` the handlers
        around what is added; `typed` is told of each output that glue makes, and `may_raise` says
        whether glue can raise in a role, as far as its types tell. `raised` are the
        exceptions, or None, of what was added under them and has not been looked at yet. `acts`
        tells whether a step is there, or in a block within, only for its effect.
        """
        self.ids = ids
        self.has_effect = False
        self.acts = False
        self.raised: list[AnyValue] = []
        self._catching = catching
        self._typed = typed
        self._may_raise = may_raise
        self.obligations: dict[ir.Glue, Span] = {}
        self._compute_settings = compute_settings
        self._nodes: dict[str, AnyNode] = {}
        self._barrier: str | None = None
        self._since_barrier: dict[str, None] = {}

    def add(self, node: AnyNode, *, effect: bool = False, may_raise: bool = True) -> None:
        """Append `node`; an effect comes after all before it and before all after it.

        Under handlers a step catches what they handle, unless it is known that it raises nothing.
        """
        if effect:
            self.evaluate_required()
        update: dict[str, object] = {"after": self._after(node, effect=effect)}
        if isinstance(node, ir.Call | ir.Compute) and may_raise and self._catching():
            caught = ir.OutputSpec(name=CAUGHT, expression=ir.Glue(source=CAUGHT))
            update |= {"catches": self._catching(), "outputs": (*node.outputs, caught)}
            self.raised.append(ir.Output(node=node.id, name=CAUGHT))
        self._nodes[node.id] = node.replace(**update)
        self.acts |= effect and isinstance(node, ir.Call)
        if effect:
            self.has_effect = True
            self._barrier, self._since_barrier = node.id, {}
        else:
            self._since_barrier[node.id] = None

    def _after(self, node: AnyNode, *, effect: bool) -> tuple[str, ...]:
        """Return what `node` must wait for, without what its data or the others wait for anyway."""
        if not effect and self._barrier is None:
            return ()
        data = needed_nodes(node)
        if effect and self._since_barrier:
            waited_for = data.union(*(needed_nodes(self._nodes[n]) for n in self._since_barrier))
            return tuple(name for name in self._since_barrier if name not in waited_for)
        if self._barrier is None or self._barrier in data or data & self._since_barrier.keys():
            return ()
        return (self._barrier,)

    def first_step(self) -> str | None:
        """Return the id of the first node, which names the block where nothing better does."""
        return next(iter(self._nodes), None)

    def require(self, glue: ir.Glue, span: Span) -> None:
        """Remember that Python evaluates `glue` here, and that this may raise."""
        self.obligations[glue] = span

    def finish(self, prefix: str = "check") -> ir.Block:
        """Return the block, with a `Compute` for glue that nothing else is sure to evaluate."""
        self.evaluate_required(prefix)
        return ir.Block(nodes=tuple(self._nodes.values()))

    def evaluate_required(self, prefix: str = "check") -> None:
        """Add a `Compute` for each glue that nothing else is sure to evaluate."""
        for glue, span in list(self.obligations.items()):
            host = self._host(glue, "value")
            if host is None:
                self._compute(glue, "value", prefix, span)
            else:
                self._add_output(host, glue, "value", prefix)
        self.obligations.clear()

    def settle(self, value: AnyValue, role: Role, hint: str, span: Span) -> AnyReference:
        """Return a reference to `value` as an output in `role`, made by its producer if it has one.

        The producer is the one step of this block that `value` reads; where there is none, or more
        than one, or `value` may raise and Python evaluates it only after an effect or under other
        handlers, a `Compute` named after `hint` makes it.
        """
        if role == "value" and not isinstance(value, ir.Glue):
            return value
        glue = value if isinstance(value, ir.Glue) else ir.Glue(source="it", names=(("it", value),))
        host = self._host(glue, role)
        if host is None:
            return self._compute(glue, role, hint, span)
        return self._add_output(host, glue, role, hint)

    def _host(self, glue: ir.Glue, role: Role) -> ir.Call | ir.Compute | None:
        makers = {defining_node(r) for r in references(glue)} & self._nodes.keys()
        if len(makers) != 1:
            return None
        node = self._nodes[makers.pop() or ""]
        if not isinstance(node, ir.Call | ir.Compute):
            return None
        return None if self._may_raise(glue, role) and not self._raises_here(node) else node

    def _raises_here(self, node: ir.Call | ir.Compute) -> bool:
        """Whether what `node` raises is as if it were raised here.

        It must have the handlers that are around this place, and no effect may stand between.
        """
        is_last = node.id == self._barrier or node.id in self._since_barrier
        return is_last and node.catches == self._catching()

    def _add_output(
        self, host: ir.Call | ir.Compute, glue: ir.Glue, role: Role, hint: str
    ) -> ir.Output:
        outputs = {output.name: output for output in host.outputs}
        names: dict[str, AnyReference] = {}

        def replace(name: str) -> ast.expr | None:
            reference = dict(glue.names).get(name)
            if isinstance(reference, ir.Output) and reference.node == host.id:
                made = outputs[reference.name].expression
                names.update(made.names if made else ())
                return ast.parse(made.source if made else "result", mode="eval").body
            if reference is not None:
                names[name] = reference
            return None

        source = source_text(substitute(ast.parse(glue.source, mode="eval").body, replace))
        expression = ir.Glue(source=source, names=tuple(names.items()))
        for output in host.outputs:
            if output.role == role and output.expression == expression:
                return ir.Output(node=host.id, name=output.name)
        wanted = role if role != "value" else re.sub(r"\W", "_", hint)
        name = Names(outputs).fresh(wanted, "_")
        required = not never_raises(parsed(expression))
        spec = ir.OutputSpec(name=name, role=role, expression=expression, required=required)
        self._nodes[host.id] = host.replace(outputs=(*host.outputs, spec))
        made = ir.Output(node=host.id, name=name)
        self._typed(made, glue)
        return made

    def raise_(self, glue: ir.Glue, id: str, span: Span) -> None:
        """Add the `Compute` with the id `id` whose only purpose is that `glue` raises."""
        spec = ir.OutputSpec(name="out", expression=glue)
        settings = self._compute_settings(id)
        self.add(ir.Compute(id=id, outputs=(spec,), settings=settings, span=span), effect=True)

    def _compute(self, glue: ir.Glue, role: Role, hint: str, span: Span) -> ir.Output:
        name = self.ids.fresh(kebab(hint))
        spec = ir.OutputSpec(name="out" if role == "value" else role, role=role, expression=glue)
        settings = self._compute_settings(name)
        compute = ir.Compute(id=name, outputs=(spec,), settings=settings, span=span)
        self.add(compute, may_raise=role != "condition")
        output = ir.Output(node=name, name=spec.name)
        self._typed(output, glue)
        return output
