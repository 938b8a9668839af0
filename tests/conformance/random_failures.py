"""Failures by chance of the steps of a random pipeline, and what CPython would make of them."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.random_pipelines import RandomPipeline
from conformance.random_steps import STEPS
from conformance.random_values import Draw

RAISED = ("ValueError('no')", "KeyError('k')", "ZeroDivisionError('0')", "OSError(2, 'no file')")
LOST_AS = 137
"""The exit code of a container that is killed."""
EXITS = "SystemExit(3)"
"""What a step raises that no handler of a random pipeline catches."""

_KILLED = """
import os as _os

def _killed():
    _os.kill(_os.getpid(), 9)

def _killed_once(*call):
    import hashlib
    name = hashlib.sha256(repr(call).encode()).hexdigest()
    try:
        _os.close(_os.open(f"{__file__}-{name}", _os.O_CREAT | _os.O_EXCL))
    except FileExistsError:
        return
    _killed()
"""


class Lost(BaseException):
    """Stands in CPython for a step whose process is gone: no handler catches it, cleanup runs."""


@dataclass(frozen=True)
class Failures:
    """What becomes of functions that a pipeline calls, by name.

    `raises` gives what a function raises; every attempt of those in `lost` is killed, and the first
    of those in `flaky`, which are tried again.
    """

    raises: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    flaky: frozenset[str] = frozenset()

    @property
    def settings(self) -> str:
        """Return the configuration that has steps tried again, if any is to be."""
        retries = "{ limit = 1, delay = 0 }"
        return f"[defaults]\nretries = {retries}\n" if self.flaky else ""

    def module(self, text: str, *, killing: bool = False) -> str:
        """Return the module `text` with the functions that raise.

        Those that are lost are so only with `killing`; else who runs them sees to it.
        """
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self._change(node, killing)
        changed = ast.unparse(tree) + "\n"
        return changed + _KILLED if killing and self.lost | self.flaky else changed

    def _change(self, function: ast.FunctionDef, killing: bool) -> None:
        if function.name in self.raises:
            function.body = ast.parse(f"raise {self.raises[function.name]}").body
        elif killing and function.name in self.lost:
            function.body = ast.parse("_killed()").body
        elif killing and function.name in self.flaky:
            once = ast.parse(f"_killed_once({function.name!r}, locals())").body
            function.body = [*once, *function.body]

    def patch(self, module: Any) -> None:
        """Let the functions of an imported module be lost that are to be, and kill none."""
        for name in self.lost:
            setattr(module, name, _lost)
        module._killed_once = _not_killed


def _lost(*_: object, **__: object) -> None:
    raise Lost


def _not_killed(*_: object) -> None:
    pass


def random_failures(draw: Draw, pipeline: RandomPipeline) -> Failures:
    """Return failures of some of the steps that `pipeline` calls; often of none."""
    called = {n.id for n in ast.walk(ast.parse(pipeline.text)) if isinstance(n, ast.Name)}
    raises: dict[str, str] = {}
    lost: set[str] = set()
    flaky: set[str] = set()
    for name in sorted(called & STEPS.keys()):
        match draw(0, 59):
            case 1 | 2:
                raises[name] = RAISED[draw(0, len(RAISED) - 1)]
            case 3:
                raises[name] = EXITS
            case 4:
                lost.add(name)
            case 5 | 6 | 7:
                flaky.add(name)
    return Failures(raises, frozenset(lost), frozenset(flaky))
