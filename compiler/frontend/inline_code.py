"""Code that travels in the manifest: the sources themselves, and what does not come with them."""

import ast
import sys
from base64 import b64encode
from collections.abc import Iterator, Sequence

from headrace.compiler import ir
from headrace.compiler.diagnostics import Severity, Sink
from headrace.compiler.file_access import read_bytes
from headrace.compiler.frontend.modules import Module
from headrace.compiler.frontend.project import Project
from headrace.compiler.suggestions import first_of
from headrace.runtime import code

_SHOWN = 4
"""How many packages a message names."""


def code_of(project: Project, *, inline: bool) -> ir.Code:
    """Return the code that a run of `project` executes; with its sources, if it is `inline`."""
    closure = project.closure()
    contents = {name: read_bytes(path) for name, path in closure.items()}
    texts: dict[str, str] = {}
    encoded: dict[str, str] = {}
    for name, path in closure.items() if inline else ():
        shown = path.relative_to(project.import_root).as_posix()
        try:
            texts[shown] = contents[name].decode()
        except UnicodeDecodeError:
            encoded[shown] = b64encode(contents[name]).decode()
    return ir.Code(
        digest=code.digest(contents),
        modules=tuple(sorted(closure)),
        imported_first=project.imported_first(),
        sources=dict(sorted(texts.items())),
        encoded_sources=dict(sorted(encoded.items())),
    )


def warn_of_packages(
    project: Project, pipeline: ir.Pipeline, dependencies: Sequence[str], sink: Sink
) -> None:
    """Warn if the modules of `pipeline`, which runs in the stock image, need further packages."""
    lacking = list(dependencies) or sorted(set(_foreign_imports(project)))
    if not lacking:
        return
    named = first_of(lacking, _SHOWN)
    sink.report(
        "HR406",
        f"no image is set, and the stock Python image lacks {named}",
        pipeline.span,
        label="its steps cannot import what they need",
        severity=Severity.WARNING,
        hint='set `image = "..."` in [tool.headrace] to an image that has the packages; '
        "`headrace image` builds one",
    )


def warn_of_files(project: Project, sink: Sink) -> None:
    """Warn of modules that ask where they are, and so for files that do not travel with them."""
    for module in _modules(project):
        place = next(
            (n for n in module.nodes if isinstance(n, ast.Name) and n.id == "__file__"), None
        )
        if place is not None:
            sink.report(
                "HR408",
                "only modules travel in the manifest: a file beside this one is not there",
                module.span(place),
                label="asks for the module's folder",
                severity=Severity.WARNING,
                hint="give the step the file as an artifact, or build an image that holds it: "
                "`headrace image`",
            )


def _modules(project: Project) -> Iterator[Module]:
    loaded = project.modules
    return (loaded[name] for name in project.closure() if name in loaded)


def _foreign_imports(project: Project) -> Iterator[str]:
    """Yield the packages, neither Python's nor the project's, that importing its modules needs.

    What stands below an `if` or a `try` may be meant to be left out.
    """
    for module in _modules(project):
        for statement in module.tree.body:
            names: list[str] = []
            if isinstance(statement, ast.Import):
                names = [alias.name for alias in statement.names]
            elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
                names = [statement.module]
            for package in (name.partition(".")[0] for name in names):
                if package not in sys.stdlib_module_names and not project.has(package):
                    yield package
