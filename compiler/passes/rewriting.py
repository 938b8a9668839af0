"""Copies of nodes in which other values stand, for passes that move nodes about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.glue import parsed, source_text, substitute

Role = Literal["value", "condition", "items"]

Step: TypeAlias = ir.Call | ir.Compute

Follow: TypeAlias = Callable[[str], Iterable[str]]
"""Gives the nodes that stand for one which another node comes after."""


def with_steps(block: ir.Block, change: Callable[[Step], Step]) -> ir.Block:
    """Return `block` with what `change` makes of each step, in the blocks within it too."""

    def changed(node: AnyNode) -> AnyNode:
        match node:
            case ir.Call() | ir.Compute():
                return change(node)
            case ir.Map():
                update = {"body": with_steps(node.body, change)}
            case ir.Branch():
                arms = (node.then, node.otherwise)
                then, otherwise = (with_steps(arm, change) for arm in arms)
                update = {"then": then, "otherwise": otherwise}
            case ir.Guard():
                parts = (node.body, node.cleanup)
                body, cleanup = (with_steps(part, change) for part in parts)
                update = {"body": body, "cleanup": cleanup}
        return node.replace(**update)

    return ir.Block(nodes=tuple(map(changed, block.nodes)))


def itself(node_id: str) -> tuple[str]:
    """Return what must have ended where `node_id` must, when it is where it was."""
    return (node_id,)


@dataclass(frozen=True)
class Rewriting:
    """Copies nodes.

    `replace` gives what stands for a reference where glue may stand. `whole` gives what stands for
    one that an engine reads, in the role in which it does, or moves as it is.
    """

    replace: Callable[[AnyReference], AnyValue]
    whole: Callable[[AnyReference, Role], AnyReference]
    follow: Follow = itself

    def block(self, block: ir.Block) -> ir.Block:
        """Return the copy of `block`."""
        return ir.Block(nodes=tuple(map(self.node, block.nodes)))

    def node(self, node: AnyNode) -> AnyNode:
        """Return the copy of `node`."""
        followed = (each for before in node.after for each in self.follow(before))
        update: dict[str, Any] = {"after": tuple(dict.fromkeys(followed))}
        match node:
            case ir.Call():
                update["arguments"] = tuple(
                    ir.Argument(name=argument.name, value=self.value(argument.value))
                    for argument in node.arguments
                )
                update["outputs"] = self._outputs(node.outputs)
            case ir.Compute():
                update["outputs"] = self._outputs(node.outputs)
            case ir.Map():
                update["items"] = self.exit(node.items, "items")
                update["body"] = self.block(node.body)
                update["gathers"] = self.collected(node.gathers)
            case ir.Branch():
                update["condition"] = self.exit(node.condition, "condition")
                update["then"] = self.block(node.then)
                update["otherwise"] = self.block(node.otherwise)
                update["merges"] = self.choices(node.merges)
            case ir.Guard():
                update["body"] = self.block(node.body)
                update["cleanup"] = self.block(node.cleanup)
                update["exits"] = self.collected(node.exits)
        return node.replace(**update)

    def value(self, value: AnyValue) -> AnyValue:
        """Return what stands for `value` where glue may stand."""
        if not isinstance(value, ir.Glue):
            return self.replace(value)
        names: dict[str, AnyReference] = {}
        glue: dict[str, ir.Glue] = {}
        for name, reference in value.names:
            new = self.replace(reference)
            if isinstance(new, ir.Glue):
                glue[name] = new
                names.update(new.names)
            else:
                names[name] = new
        if not glue:
            return ir.Glue(source=value.source, names=tuple(names.items()))

        def expression(name: str) -> Any:
            return parsed(glue[name]) if name in glue else None

        source = source_text(substitute(parsed(value), expression))
        return ir.Glue(source=source, names=tuple(names.items()))

    def exit(self, value: AnyValue, role: Role = "value") -> AnyReference:
        """Return what stands for `value` where it is read in that role or moved as it is."""
        assert not isinstance(value, ir.Glue)  # the verifier sees to it
        return value if isinstance(value, ir.Const) else self.whole(value, role)

    def collected(self, values: Iterable[ir.Collected]) -> tuple[ir.Collected, ...]:
        """Return the copies of what leaves a block."""
        return tuple(ir.Collected(name=v.name, value=self.exit(v.value)) for v in values)

    def choices(self, merges: Iterable[ir.Choice]) -> tuple[ir.Choice, ...]:
        """Return the copies of what a branch binds."""
        return tuple(
            ir.Choice(name=m.name, then=self.exit(m.then), otherwise=self.exit(m.otherwise))
            for m in merges
        )

    def _outputs(self, outputs: Iterable[ir.OutputSpec]) -> tuple[ir.OutputSpec, ...]:
        return tuple(
            output.replace(expression=self.value(output.expression))
            if output.expression
            else output
            for output in outputs
        )
