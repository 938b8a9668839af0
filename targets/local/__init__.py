"""The local target: runs a pipeline on this machine, each step in a process of its own."""

from headrace.compiler import ir
from headrace.compiler.capabilities import Capabilities
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.target import ManifestFile
from headrace.targets.local.capabilities import CAPABILITIES
from headrace.targets.local.runner import RunOutcome, run_pipeline


class LocalTarget:
    """Runs what the IR says; it writes no manifest and has no limits of its own."""

    @property
    def capabilities(self) -> Capabilities:
        """What a local run does with each feature."""
        return CAPABILITIES

    def check(self, pipeline: ir.Pipeline) -> tuple[Diagnostic, ...]:
        """Return nothing: no name and no size is too long here."""
        return ()

    def file_names(self, pipeline: ir.Pipeline) -> tuple[str, ...]:
        """Return nothing: no file is written."""
        return ()

    def emit(self, pipeline: ir.Pipeline) -> tuple[ManifestFile, ...]:
        """Return nothing: the runner reads the IR itself."""
        return ()


TARGET = LocalTarget()

__all__ = ["TARGET", "LocalTarget", "RunOutcome", "run_pipeline"]
