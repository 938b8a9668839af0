"""Names that an import should bind and cannot, as far as the project's own source tells."""

import ast
import sys
from typing import TYPE_CHECKING

from headrace.compiler.frontend.project import Module, Project
from headrace.compiler.suggestions import did_you_mean

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering

REPORTED = ""
"""Instead of a reason: the module cannot be read, which was reported where it stands."""


def refuse_absent(lowering: "ExpressionLowering", node: ast.expr, dotted: str) -> ast.expr | None:
    """Report that `dotted`, at `node`, is imported from where it is not; None if nothing is wrong.

    What comes from a file that cannot be read is not reported a second time.
    """
    project, module = lowering.shared.project, lowering.shared.module
    reason = why_absent(project, module, dotted.split("."), frozenset())
    if reason is None:
        return None
    if reason == REPORTED:
        return lowering.refused()
    return lowering.error(
        "HR201",
        node,
        f"`{dotted}` is not there to be imported",
        label="imported by this module",
        hint=reason,
    )


def why_absent(
    project: Project, module: Module, names: list[str], seen: frozenset[tuple[str, str]]
) -> str | None:
    """Return why the dotted `names`, read in `module`, lead to nothing; None if they may not."""
    head, *rest = names
    binding = module.bindings.get(head)
    imported = binding.imported if binding else None
    if imported is None or (module.name, head) in seen:
        return None
    base = module.absolute(imported.module, imported.level)
    if base is None:
        dots = "." * imported.level
        return f"`{dots}{imported.module}` leads out of the package: write the name without dots"
    return _through_modules(
        project, base, [*filter(None, [imported.attribute]), *rest], seen | {(module.name, head)}
    )


def _through_modules(
    project: Project, base: str, names: list[str], seen: frozenset[tuple[str, str]]
) -> str | None:
    parts = base.split(".")
    if not project.has(parts[0]):
        return None  # a library, as far as the project's source tells
    for end in range(2, len(parts) + 1):
        if not project.has(".".join(parts[:end])):
            return _no_module(project, ".".join(parts[: end - 1]), parts[end - 1])
    for number, name in enumerate(names):
        module = project.module(base)
        if module is None and project.has_file(base):
            return REPORTED
        if module and name in module.bindings:
            return why_absent(project, module, names[number:], seen)
        if not project.has(f"{base}.{name}"):
            if module is None:
                return _no_module(project, base, name)
            is_open = bool(module.stars) or "__getattr__" in module.bindings
            return None if is_open else _no_name(module, name)
        base = f"{base}.{name}"
    return REPORTED if project.module(base) is None and project.has_file(base) else None


def _no_module(project: Project, package: str, name: str) -> str:
    near = did_you_mean(name, project.submodules(package))
    return f"there is no module `{package}.{name}`: {near or 'write it, or correct the import'}"


def _no_name(module: Module, name: str) -> str:
    near = did_you_mean(name, module.bindings)
    return f"`{module.name}` has no `{name}`: {near or 'define it there, or correct the import'}"


def library_hint(project: Project, module: Module, head: str) -> str:
    """Return which module of the project was perhaps meant by what `head` is imported from."""
    binding = module.bindings.get(head)
    imported = binding.imported if binding else None
    top = imported.module.partition(".")[0] if imported and not imported.level else ""
    if not top or top in sys.stdlib_module_names or project.has(top):
        return ""
    near = did_you_mean(top, project.submodules(""))
    return f"the project has no module `{top}`: {near}" if near else ""
