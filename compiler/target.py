"""What a target is to the compiler."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from headrace.compiler import ir
from headrace.compiler.capabilities import Capabilities
from headrace.compiler.diagnostics import Diagnostic


@dataclass(frozen=True)
class ManifestFile:
    """A file of a manifest: its name, without a folder, and its text."""

    name: str
    text: str


class Target(Protocol):
    """An engine that runs pipelines."""

    @property
    def capabilities(self) -> Capabilities:
        """What the engine can express, how, and within which limits."""

    def check(self, pipeline: ir.Pipeline) -> Iterable[Diagnostic]:
        """Yield what the capability table cannot say: names, sizes and widths past a limit."""

    def emit(self, pipeline: ir.Pipeline) -> tuple[ManifestFile, ...]:
        """Return the manifest of `pipeline`, verified: every reference in it resolves.

        Raises:
            InternalError: the manifest is wrong although the pipeline was accepted.
        """
