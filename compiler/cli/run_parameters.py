"""The parameters of a run on the command line."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from headrace.compiler.driver import Compilation

param_option = click.option(
    "--param",
    "-p",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the pipeline: the text itself where it is a str, else JSON. Repeatable.",
)
"""Adds --param."""


def run_parameters(compilation: "Compilation", assignments: tuple[str, ...]) -> dict[str, str]:
    """Return the wire texts of the parameters that `assignments` give; what is wrong is usage."""
    from headrace.compiler.driver import given_parameters
    from headrace.compiler.parameters import ParameterError, read_parameters

    assert compilation.pipeline is not None
    sys.set_int_max_str_digits(0)
    try:
        given = given_parameters(compilation)
        return read_parameters(compilation.pipeline.parameters, given, assignments)
    except ParameterError as error:
        raise click.UsageError(str(error)) from None
