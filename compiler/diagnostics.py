"""What the compiler has to say to a user: records, collected and never raised."""

from collections.abc import Iterator
from enum import StrEnum

from headrace.compiler.frozen_struct import FrozenStruct
from headrace.compiler.source import Span


class Severity(StrEnum):
    """How much a diagnostic weighs: an error stops the compilation, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Related(FrozenStruct):
    """A second place that a diagnostic talks about."""

    span: Span
    message: str


class Diagnostic(FrozenStruct):
    """One finding: a stable code, the place, what is wrong there, and a way out.

    `message` stands alone, lower-case, without a full stop; `label` is shorter, as it stands under
    the caret; `hint` alone says what to do.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = Severity.ERROR
    label: str = ""
    hint: str = ""
    related: tuple[Related, ...] = ()


class Sink:
    """Collects diagnostics; an exact repetition is kept once."""

    def __init__(self) -> None:
        """Start empty."""
        self._diagnostics: dict[Diagnostic, None] = {}

    def report(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        hint: str,
        label: str = "",
        severity: Severity = Severity.ERROR,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Add a diagnostic made of the arguments, which are those of `Diagnostic`; none is without
        a way out, the `hint`.
        """
        self.add(
            Diagnostic(
                code=code,
                message=message,
                span=span,
                severity=severity,
                label=label,
                hint=hint,
                related=related,
            )
        )

    def add(self, diagnostic: Diagnostic) -> None:
        """Add `diagnostic`."""
        self._diagnostics.setdefault(diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        """Yield the diagnostics in the order of their places; those without one come first."""

        def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
            span = diagnostic.span
            return (span.path, span.line, span.column) if span else ("", 0, 0)

        return iter(sorted(self._diagnostics, key=place))

    @property
    def failed(self) -> bool:
        """Whether an error was reported."""
        return any(d.severity is Severity.ERROR for d in self._diagnostics)


class InternalError(Exception):
    """A mistake of headrace itself, never of its user."""
