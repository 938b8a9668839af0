"""The command line of a step: what to call, with what, and where its outputs go."""

from __future__ import annotations

import json

from headrace.runtime.errors import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USAGE = """\
usage: headrace-step [OPTIONS] MODULE:FUNCTION [--PARAMETER=VALUE | --PARAMETER:=EXPRESSION]...
       headrace-step [OPTIONS] compute
       headrace-step @FILE        the arguments as a JSON list of texts

A VALUE is JSON, or what another step gave. An EXPRESSION is Python over the values of --let.

  --step=ID                     the name of the step in messages
  --catch=HANDLER=CLASS,...     what the step raises of a CLASS is no failure: expressions of
                                outputs may read `caught`, which is HANDLER and the exception
  --let=NAME=VALUE              bind a value for expressions; also NAME:=EXPRESSION
  --value=NAME:=EXPRESSION      an output; it may read `result`, what the function returned
  --condition=NAME:=EXPRESSION  an output that is true or false
  --items=NAME:=EXPRESSION      an output that is a list of values
  --gathered=NAME               the output becomes one of many in a list: keep its text short
  --unlimited                   no engine stands between the steps: texts may have any length
  --output=NAME=PATH            write an output there; without an expression it is `result`
  --result=NAME                 the output is what the pipeline returns: print its text, too
  --xcom=PATH                   write all outputs there, as one JSON object
  --message                     leave all outputs so in the message of the container
  --declare=NAME                with --xcom or --message: an output that is `result`
  --import=MODULE               import it before anything else; also HEADRACE_IMPORT
  --code=DIGEST --modules=A,B   refuse other code; also HEADRACE_CODE, HEADRACE_MODULES
  --store=URL                   where artifacts are kept; also HEADRACE_STORE
"""

COMPUTE = "compute"
"""Stands for a function in a step that only evaluates expressions."""


JOBSET_VARIABLE = "HEADRACE_JOBSET"
"""The variable that has, where a step runs on several hosts, the JobSet which they are."""

RANK_VARIABLE = "JOB_COMPLETION_INDEX"
"""What Kubernetes tells each pod of an indexed Job: the rank of its host."""

HANDLED = 79
"""The exit code of a host whose function raised what a handler of the pipeline handles: its message
has the outputs. Other hosts that wait for it have to end, so it is a failure to the Job."""


class Given:
    """A value on the command line: a text of the wire, or an expression."""

    def __init__(self, name: str, text: str, is_expression: bool) -> None:
        """Keep what was written for `name`."""
        self.name = name
        self.text = text
        self.is_expression = is_expression


class StepCommand:
    """A command line, taken apart."""

    def __init__(self) -> None:
        """Start with nothing given."""
        self.step = ""
        self.function = ""
        self.arguments: list[Given] = []
        self.lets: list[Given] = []
        self.catches: list[tuple[str, list[str]]] = []
        """The handlers, in order, and the classes that each of them handles."""
        self.expressions: dict[str, tuple[str, str]] = {}
        """The role and the expression of each output that has one, by its name."""
        self.paths: dict[str, str] = {}
        self.xcom: str | None = None
        self.message = False
        self.declared: list[str] = []
        self.result: str | None = None
        self.gathered: list[str] = []
        self.unlimited = False
        self.code: str | None = None
        self.modules: str | None = None
        self.first: str | None = None
        self.store: str | None = None

    def outputs(self) -> list[str]:
        """Return the names of the outputs, each once.

        Raises:
            ManifestError: an output has no file, or a file no output.
        """
        if self.xcom is not None or self.message:
            if self.paths or (self.message and self.xcom is not None):
                raise ManifestError("--xcom, --message and --output do not go together")
            return list(dict.fromkeys([*self.declared, *self.expressions]))
        if self.declared:
            raise ManifestError("--declare needs --xcom or --message")
        if self.result is not None and self.result not in self.paths:
            raise ManifestError(f"--result names {self.result!r}, which is no output")
        lost = [name for name in self.expressions if name not in self.paths]
        if lost:
            raise ManifestError(f"no --output says where to write {', '.join(lost)}")
        if self.function == COMPUTE:
            bare = [name for name in self.paths if name not in self.expressions]
            if bare:
                raise ManifestError(f"no expression gives the output {', '.join(bare)}")
        return list(self.paths)


def parse(arguments: Sequence[str]) -> StepCommand:
    """Return what `arguments` say.

    Raises:
        ManifestError: they are not a command line of `headrace-step`.
    """
    command = StepCommand()
    for argument in expanded(arguments):
        if command.function:
            _add_argument(command, argument)
        elif argument.startswith("--"):
            _add_option(command, argument)
        elif argument == COMPUTE or ":" in argument:
            command.function = argument
            command.step = command.step or argument.rpartition(":")[2]
        else:
            raise ManifestError(f"{argument!r} is not MODULE:FUNCTION (see headrace-step --help)")
    if not command.function:
        raise ManifestError("nothing to run: give MODULE:FUNCTION (see headrace-step --help)")
    return command


def expanded(arguments: Sequence[str]) -> Iterator[str]:
    """Yield `arguments`, with those that stand in a file in the place of `@FILE`.

    Raises:
        ManifestError: such a file cannot be read.
    """
    for argument in arguments:
        if argument.startswith("@"):
            yield from _file_of_arguments(argument[1:])
        else:
            yield argument


def _file_of_arguments(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            listed = json.load(file)
    except OSError as error:
        raise ManifestError(f"cannot read the arguments in {path}: {error.strerror}") from None
    except ValueError as error:
        raise ManifestError(f"the arguments in {path} are not JSON: {error}") from None
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise ManifestError(f"the arguments in {path} are not a JSON list of texts")
    return listed


def _given(text: str, argument: str) -> Given:
    name, equals, value = text.partition("=")
    is_expression = name.endswith(":")
    name = name[:-1] if is_expression else name
    if not equals or not name:
        raise ManifestError(f"cannot read {argument[:80]!r} (see headrace-step --help)")
    return Given(name, value, is_expression)


def _add_argument(command: StepCommand, argument: str) -> None:
    if command.function == COMPUTE or not argument.startswith("--"):
        raise ManifestError(f"cannot read {argument[:80]!r} after {command.function}")
    given = _given(argument[2:], argument)
    if any(other.name == given.name for other in command.arguments):
        raise ManifestError(f"the argument {given.name!r} is given twice")
    command.arguments.append(given)


def _add_option(command: StepCommand, argument: str) -> None:
    option, equals, value = argument[2:].partition("=")
    if argument in ("--unlimited", "--message"):
        setattr(command, argument[2:], True)
    elif not equals:
        raise ManifestError(f"unknown option {argument[:80]!r} (see headrace-step --help)")
    elif option == "catch":
        given = _given(value, argument)
        command.catches.append((given.name, given.text.split(",")))
    elif option == "let":
        command.lets.append(_given(value, argument))
    elif option in ("value", "condition", "items"):
        given = _given(value, argument)
        if not given.is_expression:
            raise ManifestError(f"{argument[:80]!r} needs NAME:=EXPRESSION")
        command.expressions[given.name] = (option, given.text)
    elif option == "output":
        given = _given(value, argument)
        command.paths[given.name] = given.text
    elif option == "declare":
        command.declared.append(value)
    elif option == "gathered":
        command.gathered.append(value)
    elif option == "import":
        command.first = value
    elif option in ("step", "xcom", "code", "modules", "store", "result"):
        setattr(command, option, value)
    else:
        raise ManifestError(f"unknown option --{option} (see headrace-step --help)")
