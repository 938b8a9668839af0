"""The command `headrace`: its entry, and what its exit codes mean.

0 is fine; 1 is findings, a failed run or a file that cannot be written; 2 is a wrong command line;
70 is a mistake of headrace itself; 130 is an interruption.
"""

import os
import sys
from collections.abc import Sequence

INTERNAL_ERROR = 70
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _answer_kept(given)
        if code is None:
            code = _run(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # Whoever read the output has left; Python must not try to flush it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get("HEADRACE_DEBUG"):
            raise
        cause = f"{type(error).__name__}: {error}".splitlines()[0]
        print(
            f"headrace: this is a bug in headrace: {cause}"
            " (set HEADRACE_DEBUG=1 to see the traceback, and please report it)",
            file=sys.stderr,
        )
        return INTERNAL_ERROR
    return code


def _answer_kept(arguments: Sequence[str]) -> int | None:
    """Answer from the cache, without what takes long to import; None if it cannot."""
    from headrace.compiler.cli.request import read_request

    request = read_request(arguments)
    if request is None:
        return None
    from headrace.compiler.cli.cache import find

    kept = find(request)
    if kept is None:
        return None
    from headrace.compiler.cli.delivery import FINDINGS, Undelivered, deliver

    try:
        return deliver(request, kept)
    except Undelivered as error:
        print(f"Error: {error}", file=sys.stderr)
        return FINDINGS


def _run(arguments: list[str]) -> int:
    import click

    from headrace.compiler.cli.application import application

    try:
        result = application.main(arguments, prog_name="headrace", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _interrupted()
    return result if isinstance(result, int) else 0


def _interrupted() -> int:
    print("headrace: interrupted", file=sys.stderr)
    return INTERRUPTED
