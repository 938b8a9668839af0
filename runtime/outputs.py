"""The outputs of a step: their texts, and how they are written so that no one sees a part."""

from __future__ import annotations

import contextlib
import os
import stat
import sys

from headrace.runtime import wire
from headrace.runtime.errors import DataError, ManifestError, from_os_error
from headrace.runtime.glue import evaluate, reads
from headrace.runtime.report import LONGEST_MESSAGE, tell_engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from headrace.runtime.command_line import StepCommand

RESULT_MARK = "\nheadrace: the pipeline returned "
"""Stands in the log before the text of what the pipeline returned, which ends with its line."""

LONGEST_INLINE = 4096
"""Longer texts (in bytes) go to the store, if there is one."""

LONGEST_GATHERED = 128
"""The same for an output that is one of many in a list: a reference is not longer. So about a
thousand of them fit into one argument of a program."""

LONGEST_WITHOUT_STORE = 100_000
"""Longer texts (in bytes) pass no engine: one argument of a program is at most 131,071 bytes on
Linux (MAX_ARG_STRLEN), and some engines keep several copies."""


_ABSENT = {"value": wire.mark("null"), "condition": "false", "items": "[]"}
"""The text of an output that nothing reads."""


def texts(
    command: StepCommand, names: Mapping[str, object], store: wire.Keeper | None
) -> dict[str, str]:
    """Return the text of each output of `command`; `names` are the values that expressions read.

    Where the function gave no `result`, since it raised what a handler handles, only expressions
    over `caught` are evaluated: nothing reads the other outputs then.

    Raises:
        DataError: an output cannot travel.
        ManifestError: it needs a store, or an expression is none.
        Exception: what an expression raises.
    """
    given, writer = {}, _Writer(command, store)
    for name in command.outputs():
        role, source = command.expressions.get(name, ("value", None))
        if names.get("caught") is not None and (source is None or not reads(source, "caught")):
            given[name] = _ABSENT[role]
            continue
        value = names["result"] if source is None else evaluate(source, names)
        given[name] = writer.text(name, role, value)
    return given


class _Writer:
    """Writes values as texts that are short enough for what stands between the steps."""

    def __init__(self, command: StepCommand, store: wire.Keeper | None) -> None:
        self._store = store
        self._gathered = () if command.unlimited else command.gathered
        self._limit = float("inf") if command.unlimited else LONGEST_WITHOUT_STORE

    def text(self, name: str, role: str, value: object) -> str:
        """Return the text of the output `name`; see `texts` for what it raises."""
        if role == "condition":
            return "true" if value else "false"
        if role == "items":
            return self._items(name, list(value))  # type: ignore[call-overload]
        return self._marked(name, value, name in self._gathered)

    def _items(self, name: str, elements: list[object]) -> str:
        text = wire.encode_marked_list([self._marked(name, e) for e in elements])
        if len(text) > self._limit and self._store is not None:
            text = wire.encode_marked_list([self._marked(name, e, True) for e in elements])
        if len(text) > self._limit:
            more = "" if self._store is not None else ", or set `store` in the configuration"
            raise DataError(
                f"the list {name!r} has {len(elements)} elements in {len(text)} bytes, and an "
                f"engine takes {self._limit}: pass shorter elements, such as numbers{more}"
            )
        return text

    def _marked(self, name: str, value: object, is_one_of_many: bool = False) -> str:
        """Return the marked text of `value`, or of a reference to it in the store if it is long."""
        text = wire.encode(value, self._store)
        if len(text) <= (LONGEST_GATHERED if is_one_of_many else LONGEST_INLINE):
            return wire.mark(text)
        if self._store is not None:
            return wire.mark(wire.reference_text(self._store.save_text(text)))
        if len(text) > self._limit:
            raise DataError(
                f"the output {name!r} has {len(text)} bytes, and an engine takes {self._limit}: "
                "set `store` in the configuration"
            )
        return wire.mark(text)


def write(
    command: StepCommand, given: Mapping[str, str], folder: str, store: wire.Keeper | None
) -> None:
    """Write the outputs to where `command` says; relative paths start at `folder`.

    Raises:
        DataError: they are too long for a message, and there is no `store`.
        RetryableError, ManifestError: a file cannot be written.
    """
    if command.message:
        _leave_message(wire.encode_texts(dict(given)), store)
    if command.xcom is not None:
        _write_file(os.path.join(folder, command.xcom), wire.encode_texts(dict(given)))
    for name, path in command.paths.items():
        _write_file(os.path.join(folder, path), given[name])
    if command.result is not None:
        _print_result(given[command.result])


def _leave_message(text: str, store: wire.Keeper | None) -> None:
    """Leave `text`, or what stands for it in the store, as the message of the container."""
    if len(text) > LONGEST_MESSAGE:
        if store is None:
            raise DataError(
                f"the outputs have {len(text)} bytes, and {LONGEST_MESSAGE} come back from a host "
                "without a store: set `store` in the configuration"
            )
        text = wire.reference_text(store.save_text(text))
    if not tell_engine(text):
        raise ManifestError(f"cannot leave the outputs in the message of the container: {text}")


def _print_result(text: str) -> None:
    """Write `text` into the log, for engines that give no outputs to who asks for them.

    The user's code may have closed or replaced `sys.stdout`.
    """
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stdout.flush()
    data = f"{RESULT_MARK}{text}\n".encode("ascii")
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError as error:
        raise from_os_error(error, "cannot print the result") from None


def _write_file(path: str, text: str) -> None:
    """Write `text` to `path`: beside it, synced and renamed, unless something special is there.

    A rename would put a file in the place of a device, a pipe or a link such as /dev/stdout.
    """
    parent = os.path.dirname(path)
    unfinished = os.path.join(parent, f".{os.path.basename(path)}.{os.getpid()}")
    try:
        os.makedirs(parent, exist_ok=True)
        if _is_special(path):
            with open(path, "wb") as file:
                file.write(text.encode("ascii"))
            return
        with open(unfinished, "wb") as file:
            file.write(text.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise from_os_error(error, f"cannot write the output {path}") from None


def _is_special(path: str) -> bool:
    return os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode)
