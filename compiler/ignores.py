"""Comments that silence warnings: ``# headrace: ignore[HR406]``, on the line where one starts.

An error is never silenced. A comment that cannot silence anything, or has nothing to silence, is
reported itself, so that none outlives its reason.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from headrace.compiler.codes import CODES
from headrace.compiler.diagnostics import Diagnostic, Related, Severity, Sink
from headrace.compiler.source import COMMAND_LINE, SourceFile, Span
from headrace.compiler.suggestions import did_you_mean

CODE = "HR105"
"""The code of a comment that silences nothing."""

_DEPEND_ON_CALLS = frozenset(code for code, meaning in CODES.items() if meaning.depends_on_calls)
"""What another pipeline may have found in a step in which this one did not."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*headrace:\s*ignore\b\s*(?:\[(?P<codes>[^\]#]*)\])?")


@dataclass(frozen=True)
class Read:
    """What a compilation that went to its end has read, so that it can tell what is not needed.

    `main` is the path of the module compiled; `functions` are the places of the pipeline, which is
    the first, and of its steps; `stages` are the parts of the compiler (`Code.stage`) that found
    all they ever do.
    """

    main: str
    functions: tuple[Span, ...]
    stages: frozenset[str]


@dataclass(frozen=True)
class _Comment:
    """One comment; `codes` are the codes in it as written, with their places."""

    span: Span
    codes: tuple[tuple[str, Span], ...]

    def names(self, code: str) -> bool:
        return any(written.upper() == code for written, _ in self.codes)


def applied(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile], read: Read | None
) -> list[Diagnostic]:
    """Return `diagnostics` without the warnings that comments in `sources` silence.

    Added are the comments that name no code, a code that does not exist or one of an error; and,
    where `read` tells that the compilation went to its end, those that silence nothing.
    """
    comments = [comment for source in sources.values() for comment in _comments(source)]
    found = list(diagnostics)
    found += [wrong for comment in comments for wrong in _impossible(comment, found)]
    needless = []
    if read:
        judged = _judged(comments, sources, read)
        possible = {
            code
            for code, meaning in CODES.items()
            if meaning.severity is Severity.WARNING and meaning.stage in read.stages
        }
        loud = _loud(found, comments)
        for comment in judged:
            own = possible - {CODE, *(_DEPEND_ON_CALLS if _is_in_step(comment, read) else ())}
            found += _unused(comment, found, loud, own)
        needless = [d for c in judged for d in _unused(c, found, [], possible & {CODE})]
    kept = Sink()
    for diagnostic in (*_loud(found, comments), *needless):
        kept.add(diagnostic)
    return list(kept)


def _loud(found: Iterable[Diagnostic], comments: Sequence[_Comment]) -> list[Diagnostic]:
    return [d for d in found if not any(_silences(comment, d) for comment in comments)]


def _silences(comment: _Comment, diagnostic: Diagnostic) -> bool:
    span = diagnostic.span
    return (
        diagnostic.severity is Severity.WARNING
        and span is not None
        and (span.path, span.line) == (comment.span.path, comment.span.line)
        and comment.names(diagnostic.code)
    )


# --- comments that silence nothing ---------------------------------------------------------------


def _impossible(comment: _Comment, found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield what is wrong with `comment` whatever is found on its line."""
    if not comment.codes:
        place = (comment.span.path, comment.span.line)
        here = [d for d in found if d.span and (d.span.path, d.span.line) == place]
        said = dict.fromkeys(d.code for d in here if d.severity is Severity.WARNING)
        codes = ", ".join(said) or "HR406"
        yield _finding(
            "this ignore comment names no code",
            comment.span,
            f"say what it may silence: `# headrace: ignore[{codes}]`",
        )
    for written, span in comment.codes:
        code = written.upper()
        if code not in CODES:
            hint = did_you_mean(written, CODES) or "`headrace explain` lists the codes"
            yield _finding(f"no diagnostic has the code `{written}`", span, hint)
        elif CODES[code].severity is not Severity.WARNING:
            yield _finding(
                f"`{code}` is an error, and only warnings can be ignored",
                span,
                "correct what it reports, and take the code out of the comment",
            )


def _unused(
    comment: _Comment,
    found: Sequence[Diagnostic],
    loud: Sequence[Diagnostic],
    codes: Collection[str],
) -> Iterator[Diagnostic]:
    """Yield each of `codes` that `comment` names although nothing in `found` needs it.

    Where one in `loud` does, elsewhere in the file, the comment may have strayed from it.
    """
    for written, span in comment.codes:
        code = written.upper()
        if code not in codes or any(d.code == code and _silences(comment, d) for d in found):
            continue
        alike = [d.span for d in loud if d.code == code and d.span]
        strayed = [place for place in alike if place.path == span.path][:1]
        yield _finding(
            f"`{code}` silences nothing: no such warning starts on this line",
            span,
            f"move it to the end of line {strayed[0].line}" if strayed else "remove it",
            tuple(Related(span=place, message=f"{code} starts here") for place in strayed),
        )


def _judged(
    comments: Sequence[_Comment], sources: Mapping[str, SourceFile], read: Read
) -> list[_Comment]:
    """Return those of `comments` where all that could be found was looked for.

    A function that the compiled pipeline does not use was not looked at, nor was the rest of a
    module that is only imported: there, another pipeline may need the comment.
    """

    inside = [comment for comment in comments if _is_in(read.functions, comment.span)]
    others = [c for c in comments if c.span.path == read.main and c not in inside]
    defined = _defined_lines(sources[read.main]) if others else set()
    return inside + [comment for comment in others if comment.span.line not in defined]


def _is_in_step(comment: _Comment, read: Read) -> bool:
    return _is_in(read.functions[1:], comment.span)


def _is_in(functions: Iterable[Span], span: Span) -> bool:
    return any(f.path == span.path and f.line <= span.line <= f.end_line for f in functions)


def _defined_lines(source: SourceFile) -> set[int]:
    """Return the lines of all functions and classes in `source`, decorators included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the frontend has parsed this text before
        tree = ast.parse(source.text)
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines.update(range(first, (node.end_lineno or first) + 1))
    return lines


def _finding(message: str, span: Span, hint: str, related: tuple[Related, ...] = ()) -> Diagnostic:
    return Diagnostic(
        code=CODE,
        message=message,
        span=span,
        severity=Severity.WARNING,
        hint=hint,
        related=related,
    )


# --- finding comments ----------------------------------------------------------------------------


def _comments(source: SourceFile) -> Iterator[_Comment]:
    is_python = source.shown_path != COMMAND_LINE and not source.shown_path.endswith(".toml")
    if not is_python or not _COMMENT.search(source.text):
        return
    for line, column, text in _python_comments("\n".join(source.lines)):
        for match in _COMMENT.finditer(text):
            start, end = column + match.start(), column + match.end()
            codes = re.finditer(r"[^\s,]+", match["codes"] or "")
            first = column + match.start("codes")
            yield _Comment(
                _span(source, line, start, end),
                tuple(
                    (code[0], _span(source, line, first + code.start(), first + code.end()))
                    for code in codes
                ),
            )


def _python_comments(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield line, column from 0, and text of each comment, up to where `text` is not Python."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield *token.start, token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _span(source: SourceFile, line: int, start: int, end: int) -> Span:
    return Span(
        path=source.shown_path, line=line, column=start + 1, end_line=line, end_column=end + 1
    )
