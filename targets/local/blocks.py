"""Runs the blocks of the IR as data flow: a node starts once all that it needs has succeeded."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, needed_nodes
from headrace.runtime import wire

Done = Callable[[bool], None]
"""Called once with whether something succeeded."""


class Scope:
    """The texts of the values that a block can read: its own, and those of the blocks around it."""

    def __init__(self, outer: "Scope | None" = None, place: str = "") -> None:
        """Start empty, within `outer`; `place` is put before the names of the steps here."""
        self.outer = outer
        self.place = place
        self._texts: dict[AnyReference, str] = {}

    def __setitem__(self, reference: AnyReference, text: str) -> None:
        """Bind the text of `reference`."""
        self._texts[reference] = text

    def __getitem__(self, reference: AnyReference) -> str:
        """Return the text of `reference`."""
        if isinstance(reference, ir.Const):
            return reference.text
        scope: Scope | None = self
        while scope is not None:
            if reference in scope._texts:
                return scope._texts[reference]
            scope = scope.outer
        raise KeyError(reference)


class StepRunner(Protocol):
    """Runs single steps."""

    def start(self, node: ir.Call | ir.Compute, scope: Scope, done: Done) -> None:
        """Start `node`; on success its outputs are bound in `scope` before `done` is called."""

    def later(self, action: Callable[[], None]) -> None:
        """Call `action` from the event loop, so that long chains do not nest."""


class Edges:
    """Which nodes of a block wait for which."""

    def __init__(self, block: ir.Block) -> None:
        """Find them; runs of the same block may share them."""
        names = {node.id for node in block.nodes}
        self.nodes = {node.id: node for node in block.nodes}
        self.waiting: dict[str, int] = {}
        self.followers: dict[str, list[str]] = defaultdict(list)
        for node in block.nodes:
            needed = needed_nodes(node) & names
            self.waiting[node.id] = len(needed)
            for name in needed:
                self.followers[name].append(node.id)


class BlockRun:
    """One run of one block; `done` is called when nothing of it runs any more."""

    def __init__(self, steps: StepRunner, edges: Edges, scope: Scope, done: Done) -> None:
        """Prepare a run of the block that has `edges`; `start` starts it."""
        self._steps = steps
        self._scope = scope
        self._done = done
        self._edges = edges
        self._waiting = dict(self._edges.waiting)
        self._running = 0
        self._succeeded = 0

    def start(self) -> None:
        """Start the nodes that wait for nothing."""
        self._begin([name for name, count in self._waiting.items() if count == 0])

    def _begin(self, names: list[str]) -> None:
        self._running += len(names)
        for name in names:
            self._node(self._edges.nodes[name])
        if self._running == 0:
            self._done(self._succeeded == len(self._edges.nodes))

    def _node(self, node: AnyNode) -> None:
        def done(succeeded: bool) -> None:
            self._steps.later(lambda: self._ended(node.id, succeeded))

        match node:
            case ir.Map():
                _MapRun(self._steps, node, self._scope, done).start()
            case ir.Branch():
                self._branch(node, done)
            case ir.Guard():
                self._guard(node, done)
            case _:
                self._steps.start(node, self._scope, done)

    def _ended(self, name: str, succeeded: bool) -> None:
        ready = []
        if succeeded:
            self._succeeded += 1
            for follower in self._edges.followers[name]:
                self._waiting[follower] -= 1
                if self._waiting[follower] == 0:
                    ready.append(follower)
        self._running -= 1
        self._begin(ready)

    def _branch(self, node: ir.Branch, done: Done) -> None:
        taken = self._scope[node.condition] == "true"  # type: ignore[index]
        inner = Scope(self._scope, self._scope.place)

        def merge(succeeded: bool) -> None:
            if succeeded:
                for choice in node.merges:
                    value = choice.then if taken else choice.otherwise
                    merged = ir.Merge(branch=node.id, name=choice.name)
                    self._scope[merged] = inner[value]  # type: ignore[index]
            done(succeeded)

        block = node.then if taken else node.otherwise
        BlockRun(self._steps, Edges(block), inner, merge).start()

    def _guard(self, node: ir.Guard, done: Done) -> None:
        inner = Scope(self._scope, self._scope.place)

        def clean_up(succeeded: bool) -> None:
            def end(cleaned_up: bool) -> None:
                if succeeded and cleaned_up:
                    for exit in node.exits:
                        given = ir.Merge(branch=node.id, name=exit.name)
                        self._scope[given] = inner[exit.value]  # type: ignore[index]
                done(succeeded and cleaned_up)

            BlockRun(self._steps, Edges(node.cleanup), inner, end).start()

        BlockRun(self._steps, Edges(node.body), inner, clean_up).start()


class _MapRun:
    """One run of one map: all its items at once, as far as there are free workers."""

    def __init__(self, steps: StepRunner, node: ir.Map, scope: Scope, done: Done) -> None:
        self._steps = steps
        self._node = node
        self._scope = scope
        self._done = done
        self._inner: list[Scope] = []
        self._failed = False

    def start(self) -> None:
        items = self._items()
        self._left = len(items)
        for index, item in enumerate(items):
            place = f"{self._scope.place}{self._node.id}[{index}]."
            inner = Scope(self._scope, place)
            inner[ir.Item(map=self._node.id)] = item
            self._inner.append(inner)
        edges = Edges(self._node.body)
        for inner in self._inner:
            BlockRun(self._steps, edges, inner, self._ended).start()
        if not items:
            self._finish()

    def _items(self) -> list[str]:
        over = self._node.items
        if isinstance(over, ir.Const):
            return wire.split_items(over.text)
        items: list[str] = json.loads(self._scope[over])  # type: ignore[index]
        return items

    def _ended(self, succeeded: bool) -> None:
        self._failed |= not succeeded
        self._left -= 1
        if self._left == 0:
            self._finish()

    def _finish(self) -> None:
        if not self._failed:
            for gather in self._node.gathers:
                texts = [_marked(inner, gather.value) for inner in self._inner]  # type: ignore[arg-type]
                gathered = ir.Gather(map=self._node.id, name=gather.name)
                listed = json.dumps(texts)
                self._scope[gathered] = wire.LIST_MARK + listed
                self._scope[gathered.replace(role="items")] = listed
        self._done(not self._failed)


def _marked(scope: Scope, reference: AnyReference) -> str:
    text = scope[reference]
    return text if text.startswith(("=", "*")) else wire.mark(text)
