"""The targets, by name. A target is imported only when it is asked for."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace.compiler import ir
    from headrace.compiler.engine import Connection, EngineClient
    from headrace.compiler.passes.rewriting import Step
    from headrace.compiler.target import Placements, Target

TARGETS = {
    "argo": "headrace.targets.argo",
    "kubeflow": "headrace.targets.kubeflow",
    "airflow": "headrace.targets.airflow",
    "local": "headrace.targets.local",
}
"""Name to module; the module's `TARGET` is the target."""

MANIFEST_TARGETS = ("argo", "kubeflow", "airflow")
"""The targets that write files; `local` runs a pipeline directly."""


def load_target(name: str) -> "Target":
    """Import and return the target called `name`.

    Raises:
        KeyError: there is no such target.
    """
    from importlib import import_module

    return cast("Target", import_module(TARGETS[name]).TARGET)


def load_placements() -> "Placements":
    """Import and return what knows the accelerators of platforms."""
    from importlib import import_module

    module = import_module("headrace.targets.accelerators.checks")
    return cast("Placements", module.PLACEMENTS)


def load_launcher() -> "Callable[[Step, ir.Pipeline], Step]":
    """Import and return what gives, for a step on several hosts, the one that starts them."""
    from importlib import import_module

    module = import_module("headrace.targets.several_hosts")
    return cast("Callable[[Step, ir.Pipeline], Step]", module.launcher)


def connect(name: str, connection: "Connection") -> "EngineClient":
    """Import and return a client of the engine that the target called `name` compiles for.

    Raises:
        EngineError: what it needs is not installed, or it is not said where the engine is.
        KeyError: there is no such target.
    """
    from importlib import import_module

    client = import_module(f"{TARGETS[name]}.client")
    return cast("EngineClient", client.connect(connection))
