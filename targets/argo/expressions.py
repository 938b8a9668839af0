"""The few forms in which Argo moves and chooses texts.

An expression that throws, or that names something absent, leaves a run hanging or gives it a false
success, so each form here is one that the real controller got right for arms taken and skipped,
for failures and for empty lists; nothing else is emitted.
"""

import re

from headrace.runtime import wire

CONDITION = "condition"
"""The input of a branch's template that says which arm runs."""

_EXPRESSION_WORDS = (
    *("and", "or", "not", "in", "let", "if", "else", "nil", "true", "false"),
    *("matches", "contains", "startsWith", "endsWith"),
)
"""Words of the expression language (https://expr-lang.org/docs/language-definition)."""


def placeholder(reference: str) -> str:
    """Return the tag that Argo replaces by what `reference` names."""
    return "{{" + reference + "}}"


def input_reference(name: str) -> str:
    """Return the reference to an input of the same template."""
    return f"inputs.parameters.{name}"


def output_reference(task: str, name: str) -> str:
    """Return the reference to an output of a task, as tags spell it."""
    return f"tasks.{task}.outputs.parameters.{name}"


def _member(owner: str, name: str) -> str:
    return f"{owner}['{name}']" if name in _EXPRESSION_WORDS else f"{owner}.{name}"


def input_value(name: str) -> str:
    """Return an expression for an input of the same template."""
    return _member("inputs.parameters", name)


def literal(text: str) -> str:
    """Return an expression that is `text`, which is printable ASCII."""
    escaped = re.sub(r"[\\']", lambda match: "\\" + match[0], text)
    return f"'{escaped}'"


def marked_literal(json_text: str) -> str:
    """Return an expression that is a constant as an opaque text."""
    return literal(wire.mark(json_text))


def marked_input(name: str) -> str:
    """Return an expression that makes a bare input, a run's parameter, an opaque text."""
    return f"'=' + {input_value(name)}"


def _output(task: str, name: str) -> str:
    return _member(f"tasks['{task}'].outputs.parameters", name)


def output_or_nothing(task: str, name: str) -> str:
    """Return an expression for an output of a task that may not have run."""
    return f"({_output(task, name)} ?? '')"


def succeeded(task: str) -> str:
    """Return an expression that tells whether a task ran and succeeded."""
    return f"tasks['{task}'].status == 'Succeeded'"


def whatever_becomes_of(task: str) -> str:
    """Return what a task that follows `task` depends on, whether that one succeeds or fails."""
    return f"{task}.Succeeded || {task}.Failed || {task}.Errored"


def choice(test: str, then: str, otherwise: str) -> str:
    """Return the expression for one of two values."""
    return f"{test} ? {then} : {otherwise}"


def gathered(task: str, name: str) -> str:
    """Return an expression for what a loop gave: a gathered list, empty when there was no item.

    Every element begins with a mark that is not JSON, so Argo aggregates a list of texts, in the
    order of the items, and never decodes them.
    """
    return f"'*' + ({_output(task, name)} ?? '[]')"


def items_of(task: str, name: str) -> str:
    """Return an expression for what a loop gave: the list of texts that another loop runs over."""
    return f"{_output(task, name)} ?? '[]'"


def when(outcome: bool) -> str:
    """Return the condition of the arm that runs when the branch's condition is `outcome`."""
    operator = "==" if outcome else "!="
    return placeholder(f"={input_reference(CONDITION)} {operator} 'true'")
