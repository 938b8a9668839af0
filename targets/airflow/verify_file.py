"""The part of the check that reads the DAG file as Python.

A file of thousands of tasks repeats few forms of statements. Each form is compiled once, without
the names and texts that differ: Python's own parser takes most of a second for the whole, and
seventy megabytes.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from headrace.targets.airflow import manifest

_STRING_OR_COMMENT = re.compile(
    r'''
    """ (?: [^\\] | \\. )*? """
    | " (?: [^"\\\n]++ | \\. )*+ "
    | ' (?: [^'\\\n]++ | \\. )*+ '
    | \# [^\n]*
    ''',
    re.DOTALL | re.VERBOSE,
)
_BOUND = re.compile(r"^ *(?:(\w+) = |def (\w+)\()", re.MULTILINE)
_ASSIGNED = re.compile(r" *(\w+) = ")
_NAME = re.compile(r"\w+")
_EDGE = " >> "
_EDGE_ALONE = re.compile(r" *(?:\[[\w,\s]*\]|\w+) >> \w+\s*")
_STATEMENT = re.compile(r"^ {4}(?=[\w@\[])", re.MULTILINE)
"""Where a statement begins in the body of the DAG, or of a function."""


def file_problems(dag: manifest.Dag, text: str) -> Iterator[str]:
    """Yield what is wrong with `text`: its syntax, its tasks, or an edge to a name not bound."""
    try:
        code = _Code.of(text)
        compile(_forms(code), "dag.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        yield f"{error.msg}: {error.text}"
        return
    if code.task_ids != {task.task_id for task in dag.tasks}:
        yield f"the file has the tasks {sorted(code.task_ids)}"
    bound = {first or second for first, second in _BOUND.findall(code.text)}
    for edge in code.edges():
        for name in _NAME.findall(edge):
            if name not in bound:
                yield f"{name} is not bound: {edge}"


@dataclass
class _Code:
    """Python without what stands in its texts and comments; `task_ids` are the ids in it."""

    text: str
    task_ids: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, text: str) -> "_Code":
        """Read `text`.

        Raises:
            SyntaxError: there is a text that Python cannot read.
        """
        code = cls("")
        parts = []
        end = 0
        for found in _STRING_OR_COMMENT.finditer(text):
            before, literal = text[end : found.start()], found[0]
            if before.endswith("task_id="):
                code.task_ids.add(str(ast.literal_eval(literal)))
            elif "\\" in literal and literal[0] != "#":
                ast.literal_eval(f"r{literal}" if before.endswith("r") else literal)
            lines = "\n" * literal.count("\n")
            parts.append(before + ("" if literal[0] == "#" else '""') + lines)
            end = found.end()
        code.text = "".join((*parts, text[end:]))
        return code

    def edges(self) -> Iterator[str]:
        """Yield the edges: a name or a list of names, an arrow, a name."""
        start = self.text.find(_EDGE)
        while start >= 0:
            end = self.text.find("\n", start)
            is_list = self.text[start - 1] == "]"
            begin = self.text.rfind("[" if is_list else "\n", 0, start)
            yield self.text[begin:end].strip()
            start = self.text.find(_EDGE, end)


def _forms(code: _Code) -> str:
    """Return `code` with the first only of all statements that differ in names alone."""
    text = code.text
    starts = [0, *(m.start() for m in _STATEMENT.finditer(text)), len(text)]
    statements: dict[str, None] = {}
    statement = ""
    for start, end in pairwise(starts):
        statement += text[start:end]
        if not statement.startswith("    @") or "    def " in statement:
            if _EDGE_ALONE.fullmatch(statement):
                statement = _NAME.sub("x", statement)
            elif assigned := _ASSIGNED.match(statement):
                statement = f"    x{statement[assigned.end(1) :]}"
            statements[statement] = None
            statement = ""
    return "".join((*statements, statement))
