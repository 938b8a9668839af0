"""The command `headrace`: its entry, and what its exit codes mean.

0 is fine; 1 is findings, a failed run or a file that cannot be written; 2 is a wrong command line;
70 is a mistake of headrace itself; 130 is an interruption.
"""

import os
import sys
from collections.abc import Sequence

import click

INTERNAL_ERROR = 70
INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    from headrace.compiler.cli.application import application

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = application.main(
            list(arguments) if arguments is not None else None,
            prog_name="headrace",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("headrace: interrupted", file=sys.stderr)
        return INTERRUPTED
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
    return result if isinstance(result, int) else 0
