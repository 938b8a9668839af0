"""A fast look at every node of a syntax tree: `ast.walk` takes twice the time of parsing."""

import ast

_MIXED = frozenset({"names", "keys", "kw_defaults", "kwd_attrs"})
"""Fields that are lists in which something other than nodes may stand."""

_LEAVES = frozenset({ast.Load, ast.Store, ast.Del, int, str, bool, float, type(None)})


def nodes(root: ast.AST) -> list[ast.AST]:
    """Return `root` and all nodes below it but expression contexts, in the order of `ast.walk`."""
    found = [root]
    add = found.append
    for node in found:  # grows as it is read
        for name, value in node.__dict__.items():
            kind = value.__class__
            if kind is list:
                if name in _MIXED:
                    found.extend([item for item in value if isinstance(item, ast.AST)])
                else:
                    found.extend(value)
            elif kind not in _LEAVES and isinstance(value, ast.AST):
                add(value)
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes directly below `node` but expression contexts."""
    found: list[ast.AST] = []
    for name, value in node.__dict__.items():
        kind = value.__class__
        if kind is list:
            found.extend([v for v in value if isinstance(v, ast.AST)] if name in _MIXED else value)
        elif kind not in _LEAVES and isinstance(value, ast.AST):
            found.append(value)
    return found
