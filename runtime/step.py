"""`headrace-step`: runs one step, which is one call of a user's function, and ends.

The exit code tells the cause: 0 it worked, 1 the user's exception, 64 a wrong manifest, 65 bad
data, 70 a mistake of headrace, 75 a fault worth a retry, 130 and 143 when a signal ended it, and on
one of several hosts 79: it raised what the pipeline handles.
"""

from __future__ import annotations

import os
import sys

from headrace.runtime import changes, command_line, function, outputs, wire
from headrace.runtime.command_line import (
    COMPUTE,
    HANDLED,
    JOBSET_VARIABLE,
    RANK_VARIABLE,
    USAGE,
    StepCommand,
)
from headrace.runtime.errors import DataError, HostFailed, ManifestError, StepError
from headrace.runtime.function import UserError
from headrace.runtime.glue import evaluate, handled
from headrace.runtime.opaque import References, Touched
from headrace.runtime.report import report, report_handled, tell_engine
from headrace.runtime.threads import set_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    from headrace.runtime.codecs import Artifacts
    from headrace.runtime.command_line import Given

    Result = TypeVar("Result")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the step that `argv` describes, and return the exit code of the process.

    Without `argv` the arguments are those of the process, which is then the shim's own: the step
    runs in a child of it, so that signals are obeyed at once even while the user's code is not
    in Python.
    """
    if argv is not None:
        return run(argv)
    arguments = sys.argv[1:]
    if "--help" in arguments[:1]:
        print(USAGE, end="")
        return 0
    _put_first_on_path(os.getcwd())
    set_threads(os.environ)
    # What starts other hosts has no code of the user's in it, and obeys signals by itself.
    if not hasattr(os, "fork") or os.environ.get(JOBSET_VARIABLE):
        return run(arguments)
    from headrace.runtime.supervisor import supervised

    return supervised(lambda: run(arguments), tell_engine)


def _put_first_on_path(folder: str) -> None:
    if sys.path[:1] in ([folder], [""]):
        sys.path[0] = folder
    else:
        sys.path.insert(0, folder)


def run(argv: Sequence[str]) -> int:
    """Run the step that `argv` describes in this process, and return its exit code."""
    step = next((text[len("--step=") :] for text in argv if text.startswith("--step=")), "")
    try:
        command = command_line.parse(argv)
        step = command.step
        return _Step(command, argv).run()
    except HostFailed as error:
        report(step, error)
        tell_engine(error.message)
        return error.exit_code
    except StepError as error:
        report(step, error)
        return error.exit_code
    except KeyboardInterrupt as error:
        report(step, UserError("interrupted", error))
        return 130
    except Exception:
        import traceback

        traceback.print_exc()
        report(step, StepError("a mistake in headrace itself: please report it"))
        return 70


class _Step:
    """One step, from its command line to its outputs."""

    def __init__(self, command: StepCommand, argv: Sequence[str]) -> None:
        self._command = command
        self._arguments = argv
        self._folder = os.getcwd()
        self._copies: str | None = None
        self._store = self._opened_store()
        self._references = References(self._store)
        self._opaque_lets: dict[str, object] | None = None
        self._real_lets: dict[str, object] | None = None

    def run(self) -> int:
        """Do what the command says, and return the exit code.

        Raises:
            StepError: whatever went wrong.
        """
        try:
            return self._run()
        finally:
            if self._copies is not None:
                import shutil

                shutil.rmtree(self._copies, ignore_errors=True)

    def _run(self) -> int:
        self._command.outputs()
        if os.environ.get(JOBSET_VARIABLE):
            self._run_on_hosts()
            return 0
        self._check_code()
        if os.environ.get("HEADRACE_DEVICES"):
            from headrace.runtime.devices import check

            check(os.environ)
        called = None
        first = self._command.first
        if first is None:
            first = os.environ.get("HEADRACE_IMPORT", "")
        if first:
            function.import_module(first)
        if self._command.function != COMPUTE:
            called = function.load(self._command.function)
            self._over_lets(bool)  # what is wrong with them is told before the call
        try:
            values = {"result": self._called(called)} if called else {}
            if self._is_further_host():
                return 0
            texts = self._texts({**values, "caught": None})
        except UserError as error:
            caught = handled(self._command.catches, error.cause)
            if caught is None:
                raise
            report_handled(self._command.step, error)
            outputs.write(self._command, self._texts({"caught": caught}), self._folder, self._store)
            return HANDLED if self._command.message else 0
        outputs.write(self._command, texts, self._folder, self._store)
        return 0

    def _run_on_hosts(self) -> None:
        from headrace.runtime import hosts

        arguments = list(command_line.expanded(self._arguments))
        texts = hosts.run(self._command, arguments, os.environ, self._store)
        outputs.write(self._command, texts, self._folder, self._store)

    def _is_further_host(self) -> bool:
        """Whether this is one of several hosts and not the first, whose outputs are the step's."""
        return self._command.message and os.environ.get(RANK_VARIABLE, "0") != "0"

    def _texts(self, values: dict[str, object]) -> dict[str, str]:
        """Return the texts of the outputs; `values` are what their expressions read."""
        try:
            return self._over_lets(
                lambda lets: outputs.texts(self._command, {**lets, **values}, self._store)
            )
        except StepError:
            raise
        except Exception as error:
            raise UserError("", error) from None

    def _called(self, called: Any) -> object:
        key = self._command.function
        arguments = {given.name: self._argument(given) for given in self._command.arguments}
        before = changes.fingerprints(arguments)
        try:
            result = function.call(key, called, arguments)
        except UserError as error:
            if handled(self._command.catches, error.cause):
                _refuse_changes(key, before, arguments)
            raise
        _refuse_changes(key, before, arguments)
        return result

    def _argument(self, given: Given) -> object:
        with _naming(given.name):
            if given.is_expression:
                return self._over_lets(lambda lets: self._real(evaluate(given.text, lets)))
            return wire.decode(given.text, self._store)

    def _real(self, value: object) -> object:
        """Return `value` with the artifacts in it fetched."""
        if not self._references.met:
            return value
        return wire.decode(wire.encode(value, self._store), self._store)

    def _over_lets(self, use: Callable[[dict[str, object]], Result]) -> Result:
        """Return what `use` makes of the values of --let; artifacts are read only if it does."""
        try:
            if self._opaque_lets is None:
                self._opaque_lets = self._lets(self._references)
            return use(self._opaque_lets)
        except Touched:
            pass  # what is raised below has nothing to do with it
        if self._real_lets is None:
            self._real_lets = self._lets(self._store)
        return use(self._real_lets)

    def _lets(self, store: wire.Keeper | None) -> dict[str, object]:
        values: dict[str, object] = {}
        for given in self._command.lets:
            with _naming(given.name):
                if given.is_expression:
                    values[given.name] = evaluate(given.text, values)
                else:
                    values[given.name] = wire.decode(given.text, store)
        return values

    def _opened_store(self) -> Artifacts | None:
        url = self._command.store
        if url is None:
            url = os.environ.get("HEADRACE_STORE", "")
        if not url:
            return None
        from headrace.runtime.codecs import Artifacts
        from headrace.runtime.store import open_store

        return Artifacts(open_store(url), self._folder_for_copies)

    def _folder_for_copies(self) -> str:
        if self._copies is None:
            import tempfile

            self._copies = tempfile.mkdtemp(prefix="headrace-")
        return self._copies

    def _check_code(self) -> None:
        """Refuse to run other code than the manifest was compiled from.

        Raises:
            DataError: the digest of the code is another.
            ManifestError: the code is not here.
        """
        command, environment = self._command, os.environ
        expected = environment.get("HEADRACE_CODE", "") if command.code is None else command.code
        listed = environment.get("HEADRACE_MODULES", "")
        if command.modules is not None:
            listed = command.modules
        if not expected:
            return
        from headrace.runtime.code import find_module, installed_digest

        modules = [name for name in listed.split(",") if name]
        found, missing = installed_digest(modules)
        if missing:
            raise ManifestError(
                f"the code here lacks the module {', '.join(missing)}: the image needs the "
                f"sources of the pipeline in its working folder ({self._folder}) or on PYTHONPATH"
            )
        if found != expected:
            where = ", ".join(filter(None, map(find_module, modules)))
            raise DataError(
                f"the code here is not the code that the manifest was compiled from: {found}, "
                f"not {expected} (over {where}); compile again, or use the image with that code"
            )


class _naming:
    """Says in errors which value could not be had."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, UserError):
            return
        if isinstance(error, StepError):
            raise type(error)(f"the value of {self._name!r}: {error}") from error
        if isinstance(error, Exception):
            where = f"this value of {self._name!r} cannot be computed"
            raise UserError("", error, where) from None


def _refuse_changes(key: str, before: Mapping[str, str], arguments: Mapping[str, object]) -> None:
    """Raise if the function `key` has changed its `arguments`, of which `before` tells.

    Raises:
        UserError: it has.
    """
    changed = changes.changed(before, arguments)
    if changed:
        listed = ", ".join(map(repr, changed))
        raise UserError(
            f"{key} changed its argument {listed} in place, which later steps would not see: "
            "change a copy and return it"
        )


if __name__ == "__main__":
    sys.exit(main())
