"""The group of commands."""

from importlib import import_module

import click

from headrace.compiler.cli.accelerators import accelerators
from headrace.compiler.cli.comparing import diff
from headrace.compiler.cli.compiling import check, compile_command
from headrace.compiler.cli.image import image
from headrace.compiler.cli.inspecting import explain, graph, ir_command, targets
from headrace.compiler.cli.running import run

_EPILOG = """\b
Examples:
  headrace run pipeline.py --param epochs=5
  headrace compile pipeline.py --target argo --out manifests
  headrace check pipeline.py            (in CI: are the committed manifests up to date?)
  headrace submit pipeline.py --target argo --wait
\b
Shell completion:
  bash    eval "$(_HEADRACE_COMPLETE=bash_source headrace)"     in ~/.bashrc
  zsh     eval "$(_HEADRACE_COMPLETE=zsh_source headrace)"      in ~/.zshrc
  fish    _HEADRACE_COMPLETE=fish_source headrace | source      in config.fish
"""


_LATER = {
    "submit": ("submitting", "submit"),
    "status": ("engine_runs", "status"),
    "logs": ("engine_logs", "logs"),
    "result": ("engine_runs", "result"),
    "cancel": ("engine_runs", "cancel"),
    "list": ("engine_runs", "list_runs"),
}
"""The commands whose modules are imported when one of them is called: compiling needs none."""


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*super().list_commands(context), *_LATER])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _LATER:
            return super().get_command(context, name)
        module, function = _LATER[name]
        command = getattr(import_module(f"headrace.compiler.cli.{module}"), function)
        assert isinstance(command, click.Command)
        return command


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"headrace {version('headrace')}")
        context.exit()


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def application() -> None:
    """Run a plain Python pipeline, or compile it for Argo, Kubeflow and Airflow.

    FILE is a Python module with a function called `pipeline`; FILE:FUNCTION names another one.
    The module is read, never imported, except by the steps of `headrace run`.
    """


_COMMANDS = (
    *(run, compile_command, check, diff, image),
    *(ir_command, graph, explain, targets, accelerators),
)
for _command in _COMMANDS:
    application.add_command(_command)
