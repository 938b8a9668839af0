"""Whole pipeline modules by chance, for runs that compare the compiler with CPython."""

import ast
from dataclasses import dataclass
from typing import Any

from conformance.random_statements import Statements
from conformance.random_steps import STEPS, definitions, indented, signature
from conformance.random_values import Draw

PLAIN = (
    *("map", "branch", "comprehension", "effect", "fail", "lazy", "reassign", "unpack", "nested"),
    *("float", "records", "empty", "odd", "star"),
)
CONTROL = ("for", "try", "match", "assert", "raise", "return", "sub", "dict-map")
"""The features that a pipeline may have; a random choice of them is on in each."""

PARAMETERS: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    "n": ("int", "2", (0, 7, -3, 2**70)),
    "xs": ("list[int]", "[1, 2, 3]", ([], [5], [3, 0, 2])),
    "text": ("str", "'é b'", ("{{=1+1}}", "", "12", "a\r\n$(HOME)")),
    "flag": ("bool", "True", (False, True)),
    "rate": ("float", "0.5", (0.0, -2.0, 1e16)),
    "sizes": ("dict[str, int]", "{'a': 1, 'b': 2}", ({}, {"é": 3})),
    "limit": ("int | None", "None", (3, 0)),
    "lines": ("list[str]", "['a', 'b c']", ([], ["{{x}}", "", "7"])),
}
"""Type, default and other values of each parameter."""


@dataclass(frozen=True, repr=False)
class RandomPipeline:
    """A module, the names of its pipelines beside `pipeline`, and the arguments of each run."""

    text: str
    pipelines: tuple[str, ...]
    runs: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        """Return what is needed to see it again."""
        runs = "\n".join(f"# pipeline(**{run!r})" for run in self.runs)
        listed = f"# headrace.toml: pipelines = {list(self.pipelines)}\n" if self.pipelines else ""
        return f"{self.text}\n{listed}{runs}"


def random_pipeline(draw: Draw) -> RandomPipeline:
    """Return a module that is valid Python; `draw` decides everything."""
    features = _features(draw)
    steps = dict(STEPS)
    functions = []
    if "sub" in features:
        writer = Statements(draw, features - {"sub"}, dict(steps))
        writer.returns = writer.choice(("int", "str", "list[int]", "tuple[int, str]"))
        lines, _ = _function(writer, "sub", most=3)
        functions.append(lines)
        (node,) = ast.parse("\n".join(lines)).body
        assert isinstance(node, ast.FunctionDef)
        steps["sub"] = signature(node)
    writer = Statements(draw, features, steps)
    lines, parameters = _function(writer, "pipeline", most=7)
    functions.append(lines)
    body = "\n\n\n".join(ast.unparse(ast.parse("\n".join(lines))) for lines in functions)
    text = "\n\n\n".join([*filter(None, definitions(body)), body]) + "\n"
    given = {name: writer.choice(PARAMETERS[name][2]) for name in parameters}
    runs = ({}, given) if given else ({},)
    return RandomPipeline(text, ("sub",) if "sub" in features else (), runs)


def _features(draw: Draw) -> frozenset[str]:
    # Few at a time: what stands beside everything else is rarely met alone.
    found = {feature for feature in PLAIN if draw(0, 1)}
    if draw(0, 3) == 3:
        found |= {feature for feature in CONTROL if draw(0, 2) == 2}
    else:
        found |= {CONTROL[draw(0, len(CONTROL) - 1)]} if draw(0, 1) else set()
    if "sub" in found and draw(0, 1):
        found.add("try")  # handlers on both sides of a call are where they meet
    return frozenset(found)


def _function(writer: Statements, name: str, most: int) -> tuple[list[str], list[str]]:
    """Return a function's lines, and the names of its parameters."""
    parameters = [p for p in PARAMETERS if writer.chance(90 if p == "n" else 35)]
    writer.names = {parameter: PARAMETERS[parameter][0] for parameter in parameters}
    header = [f"{p}: {PARAMETERS[p][0]} = {PARAMETERS[p][1]}" for p in parameters]
    if len(header) > 1 and writer.chance(20):
        header.insert(1, "*")
    body = writer.statements(2, most)
    body += _end(writer, body)
    returns = f" -> {writer.returns}" if writer.returns else ""
    return [f"def {name}({', '.join(header)}){returns}:", *indented(body)], parameters


def _end(writer: Statements, body: list[str]) -> list[str]:
    if body[-1].startswith(("return", "raise")):
        return []
    if writer.returns:
        return [f"return {writer.expression(writer.returns, 1)}"]
    match writer.choice(("names", "names", "expression", "nothing")):
        case "names":
            # All that was made is looked at.
            return ["return {" + ", ".join(f"'{name}': {name}" for name in writer.names) + "}"]
        case "expression":
            return [f"return {writer.expression(writer.kind(), 2)}"]
    return []
