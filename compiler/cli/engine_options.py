"""What the commands share that speak with an engine: how it and a run on it are named."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headrace.compiler.registry import MANIFEST_TARGETS, connect

if TYPE_CHECKING:
    from headrace.compiler.engine import EngineClient

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Engine:
    """The engine that the command line names, and where it says that it is."""

    target: str | None
    server: str | None
    context: str | None
    namespace: str | None

    def client(self, target: str) -> "EngineClient":
        """Return a client of the engine `target`."""
        from headrace.compiler.engine import Connection

        return connect(target, Connection(self.server, self.context, self.namespace))


def _target_name(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    from headrace.compiler.suggestions import did_you_mean, known_names

    if name is not None and name not in MANIFEST_TARGETS:
        hint = did_you_mean(name, MANIFEST_TARGETS) or known_names(MANIFEST_TARGETS)
        raise click.BadParameter(f"{name!r} is no engine: {hint}")
    return name


def _complete_target(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in MANIFEST_TARGETS if name.startswith(incomplete)]


def engine_options(*, required: bool) -> Callable[[Command], Command]:
    """Return what adds --target, and where the engine is, as one argument `engine`."""

    def add(command: Command) -> Command:
        import functools

        @functools.wraps(command)
        def given(
            *,
            target: str | None,
            server: str | None,
            context: str | None,
            namespace: str | None,
            **arguments: Any,
        ) -> Any:
            return command(engine=Engine(target, server, context, namespace), **arguments)

        options = (
            click.option(
                "--target",
                "-t",
                required=required,
                metavar=f"[{'|'.join(MANIFEST_TARGETS)}]",
                callback=_target_name,
                shell_complete=_complete_target,
                help="The engine."
                if required
                else "The engine, where RUN does not begin with its name.",
            ),
            click.option("--server", metavar="URL", help="The server of the engine."),
            click.option("--context", metavar="NAME", help="A context of the kubeconfig."),
            click.option("--namespace", "-n", metavar="NAME", help="A namespace of Kubernetes."),
        )
        result: Any = given
        for option in reversed(options):
            result = option(result)
        return result  # type: ignore[no-any-return]

    return add


def run_argument(command: Command) -> Command:
    """Add RUN."""
    return click.argument("run", metavar="RUN")(command)


def split_run(engine: Engine, run: str) -> tuple[str, str]:
    """Return the engine and the name there of the run that a user calls `run`.

    Raises:
        BadParameter: nothing names an engine, or two names differ.
    """
    first, slash, rest = run.partition("/")
    if slash and rest and first in MANIFEST_TARGETS:
        if engine.target not in (None, first):
            raise click.BadParameter(f"{run!r} is a run on {first}, not on {engine.target}")
        return first, rest
    if engine.target is None:
        shown = ", ".join(f"{target}/{run}" for target in MANIFEST_TARGETS)
        raise click.BadParameter(f"which engine? Write one of {shown}", param_hint="RUN")
    return engine.target, run


def full_name(target: str, name: str) -> str:
    """Return what users call the run `name` of the engine `target`."""
    return f"{target}/{name}"


class _EngineProblem(click.ClickException):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}\n  help: {hint}" if hint else message)


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn what an engine says against us into an error of the command, with the way out."""
    from headrace.compiler.engine import EngineError

    try:
        yield
    except EngineError as error:
        raise _EngineProblem(str(error), error.hint) from None
