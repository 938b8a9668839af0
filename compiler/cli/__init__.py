"""The command `headrace`: its entry, and what its exit codes mean.

0 is fine; 1 is findings, a failed run or a file that cannot be written; 2 is a wrong command line;
70 is a mistake of headrace itself; 130 is an interruption.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Sequence

FAILED = 1
INTERNAL_ERROR = 70
INTERRUPTED = 130
BROKEN_PIPE = 141

_OUTPUT_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EAGAIN}
"""What a write to a stream says whose file, disk or terminal does not take it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    _open_what_is_closed()
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
        _give_up_output()  # whoever read it has left
        return BROKEN_PIPE
    except Exception as error:
        # What has the name of a file is no stream.
        if isinstance(error, OSError) and error.errno in _OUTPUT_ERRORS and not error.filename:
            with contextlib.suppress(OSError):
                print(f"headrace: cannot write the output: {error.strerror}", file=sys.stderr)
            _give_up_output()
            return FAILED
        if isinstance(error, FileNotFoundError) and _folder_is_gone():
            print(
                "headrace: the folder it was started in is gone: change into one that is there",
                file=sys.stderr,
            )
            return FAILED
        if os.environ.get("HEADRACE_DEBUG"):
            raise
        return _own_mistake(error)
    return code


def _folder_is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


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
    with contextlib.suppress(OSError):  # the terminal may be gone
        print("headrace: interrupted", file=sys.stderr)
    _give_up_output()
    return INTERRUPTED


def _own_mistake(error: Exception) -> int:
    cause = f"{type(error).__name__}: {error}".splitlines()[0]
    print(
        f"headrace: this is a bug in headrace: {cause}"
        " (set HEADRACE_DEBUG=1 to see the traceback, and please report it)",
        file=sys.stderr,
    )
    return INTERNAL_ERROR


def _open_what_is_closed() -> None:
    """Write to nowhere what a caller closed: no file may get the number of a standard stream."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                os.close(number)
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _give_up_output() -> None:
    """Lead streams that do not take what they are given to nowhere; Python flushes them at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
