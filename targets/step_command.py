"""The command line of a step's shim, written once for every target."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference, AnyValue


def step_arguments(
    node: ir.Call | ir.Compute,
    spell: Callable[[AnyReference], str],
    output_paths: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the arguments of `headrace-step` that run `node`.

    `spell` gives the text that stands for a reference on the engine: a constant's own JSON, or the
    engine's placeholder. `output_paths` gives the file of each output, by its name; without it the
    engine takes all outputs from one file, and its target says so in an option of its own.
    """
    arguments = [f"--step={node.id}"]
    for catch in node.catches:
        arguments.append(f"--catch={catch.handler}={','.join(catch.classes)}")
    for output in node.outputs:
        if output.expression is not None:
            arguments.append(f"--{output.role}={output.name}:={output.expression.source}")
        if output.gathered:
            arguments.append(f"--gathered={output.name}")
        if output_paths is not None:
            arguments.append(f"--output={output.name}={output_paths[output.name]}")
    for name, reference in glue_names(node).items():
        arguments.append(f"--let={name}={spell(reference)}")
    if isinstance(node, ir.Compute):
        return [*arguments, "compute"]
    arguments.append(node.function)
    return [*arguments, *(_argument(a.name, a.value, spell) for a in node.arguments)]


def step_and_function(arguments: Iterable[str]) -> tuple[str, str]:
    """Return the id and the function, `module:name` or `compute`, in a command line of a step.

    They are empty where `arguments` are not one. What stands before its first option, such as the
    program of an engine that starts the shim, is passed over.
    """
    step = ""
    for argument in arguments:
        if argument.startswith("--step="):
            step = argument.removeprefix("--step=")
        elif step and not argument.startswith("--"):
            return step, argument
    return step, ""


def _argument(name: str, value: AnyValue, spell: Callable[[AnyReference], str]) -> str:
    if isinstance(value, ir.Glue):
        return f"--{name}:={value.source}"
    return f"--{name}={spell(value)}"


def glue_names(node: ir.Call | ir.Compute) -> dict[str, AnyReference]:
    """Return what the glue of `node` reads, by the name it has there, in order of first use."""
    return {name: reference for glue in _glue(node) for name, reference in glue.names}


def _glue(node: ir.Call | ir.Compute) -> Iterator[ir.Glue]:
    for output in node.outputs:
        if output.expression is not None:
            yield output.expression
    if isinstance(node, ir.Call):
        for argument in node.arguments:
            if isinstance(argument.value, ir.Glue):
                yield argument.value
