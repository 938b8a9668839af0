"""Executes a template: fills it in, tries it again, and hands it on to what its type is.

Follows `executeTemplate` and `processNodeRetries` in workflow/controller/operator.go, and
`ProcessArgs` in workflow/common/util.go.
"""

import re
from collections.abc import Mapping
from typing import Any

from models.argo import dags, pods, steps
from models.argo.nodes import ERROR, FAILED, PENDING, RUNNING, SUCCEEDED, Node
from models.argo.scopes import ABSENT
from models.argo.state import Flow, Options, ParallelismReached, TemplateFailed, input_names
from models.argo.substitution import TemplateError, replaced
from models.errors import Unsupported
from models.evaluation import evaluated, expanded
from models.expressions import ExpressionError

TYPES = {"container": "Pod", "dag": "DAG", "steps": "Steps", "suspend": "Suspend"}
_FAIL_FAST = "template has failed or errored children and failFast enabled"


def execute(
    flow: Flow, name: str, reference: Mapping[str, Any], arguments: list[Any], options: Options
) -> Node | None:
    """Do what `Flow.execute` says."""
    node = flow.nodes.get(name)
    if node is not None and node.fulfilled:
        return node
    template, place = flow.template(reference, options.place)
    if node is None or node.processed is None:
        try:
            processed = _processed(flow, name, reference, template, arguments)
        except TemplateError as error:
            if node is None:
                node = _started(flow, name, "Skipped", template, options, ERROR)
            flow.nodes.mark(node, ERROR, str(error))
            raise TemplateFailed(str(error)) from None
    else:
        processed = node.processed
    _check_parallelism(flow, processed, node, options)
    if "retryStrategy" in processed:
        return _attempts(flow, node, name, processed, place, options)
    return _typed(flow, node, name, processed, place, options)


def _typed(
    flow: Flow,
    node: Node | None,
    name: str,
    processed: Mapping[str, Any],
    place: str,
    options: Options,
) -> Node:
    if node is None:
        kind = next(TYPES[key] for key in TYPES if key in processed)
        phase = PENDING if kind in ("Pod", "Suspend") else RUNNING
        node = _started(flow, name, kind, processed, options, phase)
        if kind == "Pod":
            node.processed = processed
            pods.create(flow, node)
    if node.processed is None:
        node.processed, node.place = processed, place
    try:
        # Not by the node's type: a loop over an empty text is one plain task in a TaskGroup.
        if "dag" in processed:
            dags.execute(flow, node)
        elif "steps" in processed:
            steps.execute(flow, node)
        elif "suspend" in processed:
            flow.nodes.mark(node, RUNNING if node.phase == PENDING else SUCCEEDED)
    except TemplateError as error:
        flow.nodes.mark(node, ERROR, str(error))
        raise TemplateFailed(str(error)) from None
    return node


def _started(
    flow: Flow, name: str, kind: str, template: Mapping[str, Any], options: Options, phase: str
) -> Node:
    node = Node(name, kind, template["name"], options.boundary, phase)
    node.hooked, node.retried = options.hooked, options.retried
    return flow.nodes.add(node)


# --- filling in ----------------------------------------------------------------------------------


def _processed(
    flow: Flow,
    name: str,
    reference: Mapping[str, Any],
    template: Mapping[str, Any],
    arguments: list[Any],
) -> Mapping[str, Any]:
    given = {each["name"]: each.get("value") for each in arguments}
    inputs = []
    for declared in template.get("inputs", {}).get("parameters", ()):
        own = declared["name"]
        value = declared.get("value", declared.get("default"))
        if given.get(own) == ABSENT:
            if value is None:
                raise TemplateError(
                    f"inputs.parameters.{own}: argument references an absent optional "
                    "(skipped/omitted node output with no default)"
                )
        elif given.get(own) is not None:
            value = given[own]
        if value is None:
            raise TemplateError(f"inputs.parameters.{own} was not supplied")
        inputs.append({**declared, "value": value})
    if inputs:
        template = {**template, "inputs": {**template["inputs"], "parameters": inputs}}
    local: dict[str, str | None] = {"node.name": name, "tasks.name": reference.get("name", "")}
    if "container" in template and "retryStrategy" not in template:
        local["pod.name"] = pods.name(flow.name, name, template["name"])
    return substituted(flow, template, local)


def substituted(
    flow: Flow, template: Mapping[str, Any], local: Mapping[str, str | None]
) -> Mapping[str, Any]:
    """Return a template with all names filled in that are known: first global ones, then inputs.

    Raises:
        TemplateError: an expression is wrong, or what comes out is not JSON.
    """
    names = {**flow.names, **local}
    once = replaced(template, names)
    names |= input_names(once)
    for parameter in once.get("outputs", {}).get("parameters", ()):
        if path := parameter.get("valueFrom", {}).get("path"):
            names[f"outputs.parameters.{parameter['name']}.path"] = path
    twice: Mapping[str, Any] = replaced(once, names)
    return twice


# --- trying again --------------------------------------------------------------------------------


def _attempts(
    flow: Flow,
    node: Node | None,
    name: str,
    processed: Mapping[str, Any],
    place: str,
    options: Options,
) -> Node:
    if node is None:
        node = _started(flow, name, "Retry", processed, options, RUNNING)
        node.processed = processed
    try:
        _judge(flow, node, processed["retryStrategy"])
    except (TemplateError, ExpressionError) as error:
        flow.nodes.mark(node, ERROR, str(error))
        raise TemplateFailed(str(error)) from None
    last = flow.nodes.last_attempt(node)
    if node.fulfilled:
        if last is not None:
            node.outputs, node.exit_code = last.outputs, last.exit_code
        return node
    if last is not None and not last.fulfilled:
        attempt: Node | None = last
        own = last.name
    else:
        number = len(flow.nodes.attempts(node))
        own, attempt = f"{name}({number})", None
        flow.nodes.add_child(name, own)
        processed = _for_attempt(flow, processed, own, number, last)
    if attempt is not None:
        processed = attempt.processed
    ended = _typed(flow, attempt, own, processed, place, options.as_attempt())
    if ended.fulfilled:
        return _attempts(flow, node, name, node.processed, place, options)
    return node


def _for_attempt(
    flow: Flow, processed: Mapping[str, Any], name: str, number: int, last: Node | None
) -> Mapping[str, Any]:
    local: dict[str, str | None] = {
        "retries": str(number),
        "lastRetry.exitCode": str(_exit_code(last, "0")),
        "lastRetry.status": last.phase if last else "",
        "lastRetry.duration": "0",
        "lastRetry.message": last.message if last else "",
    }
    if "container" in processed:
        local["pod.name"] = pods.name(flow.name, name, processed["name"])
    return substituted(flow, processed, local)


def _exit_code(node: Node | None, otherwise: str) -> str:
    return otherwise if node is None or node.exit_code is None else str(node.exit_code)


def _judge(flow: Flow, node: Node, strategy: Mapping[str, Any]) -> None:
    """End a node of attempts if it is to end."""
    last = flow.nodes.last_attempt(node)
    if last is None or not last.fulfilled:
        return
    if not last.unsuccessful:
        flow.nodes.mark(node, SUCCEEDED)
        return
    _check_backoff(strategy.get("backoff"))
    policy = strategy.get("retryPolicy") or ("Always" if "expression" in strategy else "OnFailure")
    if policy not in ("Always", "OnError", "OnFailure"):
        raise Unsupported(f"retryPolicy: {policy}")
    kept = {FAILED: "OnError", ERROR: "OnFailure"}[last.phase]
    if policy == kept:
        flow.nodes.mark(node, last.phase, last.message)
        return
    number = len(flow.nodes.attempts(node))
    if "limit" in strategy and number > _whole(strategy["limit"]):
        flow.nodes.mark(node, last.phase, "No more retries left")
    elif "expression" in strategy and not _again(strategy["expression"], last, number):
        flow.nodes.mark(node, last.phase, "retryStrategy.expression evaluated to false")


def _again(expression: str, last: Node, number: int) -> bool:
    names: dict[str, Any] = {
        "retries": str(number - 1),
        "lastRetry.exitCode": _exit_code(last, "-1"),
        "lastRetry.status": last.phase,
        "lastRetry.duration": "0",
        "lastRetry.message": last.message,
    }
    value = evaluated(expression, expanded(names))
    if not isinstance(value, bool):
        raise ExpressionError(f"unable to cast expression result '{value}' to bool")
    return value


def _check_backoff(backoff: Mapping[str, Any] | None) -> None:
    """Raise where the controller would; to wait takes no time here."""
    if backoff is None:
        return
    if "maxDuration" in backoff:
        raise Unsupported("retryStrategy.backoff.maxDuration")
    if not backoff.get("duration"):
        raise TemplateError("no base duration specified for retryStrategy")
    _whole(backoff.get("factor", 1))


def _whole(text: Any) -> int:
    if re.fullmatch(r"[+-]?\d+", str(text)) is None:
        raise TemplateError(f"value '{text}' cannot be resolved to an int")
    return int(text)


# --- how much at once ----------------------------------------------------------------------------


def _check_parallelism(
    flow: Flow, processed: Mapping[str, Any], node: Node | None, options: Options
) -> None:
    limit = flow.spec.get("parallelism")
    if limit is not None and len(flow.pods) >= limit:
        raise ParallelismReached
    if node is not None and ("dag" in processed or "steps" in processed):
        _check_boundary(flow, node, processed, len(_pods(flow, node)))
    if options.boundary and (node is None or node.phase not in (PENDING, RUNNING)):
        boundary = flow.nodes[options.boundary]
        active = [
            each
            for each in flow.nodes
            if each.boundary == boundary.name
            and each.type in ("Pod", "Steps", "DAG")
            and each.phase in (PENDING, RUNNING)
        ]
        _check_boundary(flow, boundary, boundary.processed, len(active))


def _check_boundary(flow: Flow, node: Node, processed: Mapping[str, Any], active: int) -> None:
    if processed.get("failFast"):
        children = [each for each in flow.nodes if each.boundary == node.name]
        if any(each.unsuccessful for each in children if each.type in ("Pod", "Steps", "DAG")):
            if not _pods(flow, node):
                flow.nodes.mark(node, FAILED, _FAIL_FAST)
            raise ParallelismReached
    if active >= processed.get("parallelism", active + 1):
        raise ParallelismReached


def _pods(flow: Flow, node: Node) -> list[Node]:
    return [pod for pod in flow.pods if pod.boundary == node.name]
