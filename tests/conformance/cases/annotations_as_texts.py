"""Annotations as texts, and under `from __future__ import annotations`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Node:
    value: int
    next: Node | None = None


def chain(n: "int") -> "Node":
    node = None
    for value in range(n):
        node = Node(value, node)
    return node


def length(node: Node | None) -> int:
    return 0 if node is None else 1 + length(node.next)


def pipeline(n: int = 3):
    node = chain(n)
    return length(node), node.value, length(node.next)
