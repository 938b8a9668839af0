"""Values as Airflow templates: what a task's texts say in place of a reference."""

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.diagnostics import InternalError
from headrace.targets.airflow.graph import Graph, GraphTask, collected, merged, tested
from headrace.targets.airflow.literals import jinja_text

_MARKS = {"value": "", "condition": "=", "items": "*"}
"""What makes a marked text of an output's own text, by its role."""


class Spelling:
    """Spells the values that one task reads."""

    def __init__(self, graph: Graph, task: GraphTask) -> None:
        """Spell for `task` of `graph`."""
        self._graph = graph
        self._task = task
        # Airflow renders a task's texts before its guard may skip it, so where the task starts
        # whatever was skipped before it, a text may be absent: it is then spelled as nothing,
        # which is no JSON and so would never pass as a value. A cleanup starts whatever failed,
        # too.
        rule = graph.trigger_rule(task)
        self._lenient = bool(graph.guards(task)) and rule != "all_success"
        self._after_failures = rule == "all_done"

    def argument(self, reference: AnyReference) -> str:
        """Return the template of `reference` as one of a pod's arguments, marked or bare."""
        if isinstance(reference, ir.Const):
            return reference.text
        if isinstance(reference, ir.Param):
            return f"{{{{ {_parameter(reference)} }}}}"
        mark, expression = self._expression(reference)
        return f"{mark}{{{{ {expression} }}}}"

    def marked(self, value: AnyValue) -> str:
        """Return the template of `value` as a marked text."""
        if isinstance(value, ir.Const):
            return f"={value.text}"
        mark, expression = self._expression(value)
        return f"{mark}{{{{ {expression} }}}}"

    def bare(self, reference: ir.Output | ir.Gather) -> str:
        """Return the template of the text of `reference` without a mark, as its task gives it."""
        if isinstance(reference, ir.Gather):
            return f"{{{{ {self._gather(reference)} }}}}"
        return f"{{{{ {self._pull(reference)} }}}}"

    def _expression(self, value: AnyValue) -> tuple[str, str]:
        """Return a mark, empty if the text brings its own, and the Jinja expression after it."""
        match value:
            case ir.Param():
                return "=", _parameter(value)
            case ir.Output():
                return _MARKS[self._graph.role(value)], self._pull(value)
            case ir.Item():
                items = self._graph.list_ids[value.map]
                return "", f'ti.xcom_pull(task_ids="{items}")[ti.map_index]'
            case ir.Gather():
                return "*", self._gather(value)
            case ir.Merge() if value.branch in self._graph.guarded:
                return self._expression(collected(self._graph.guarded[value.branch], value.name))
            case ir.Merge():
                return "", self._merge(value)
            case _:
                raise InternalError(f"not a text of its own: {value!r}")

    def _joined(self, value: AnyValue) -> str:
        """Return the Jinja expression of the marked text of `value`."""
        if isinstance(value, ir.Const):
            return jinja_text(f"={value.text}")
        mark, expression = self._expression(value)
        if not mark:
            return f"({expression})" if isinstance(value, ir.Merge) else expression
        return f'"{mark}" ~ {expression}' if mark == "=" else f'("{mark}" ~ ({expression}))'

    def _pull(self, output: ir.Output) -> str:
        pulled = self._outputs(output.node) + f'["{output.name}"]'
        absent = self._after_failures or self._graph.tasks[output.node].arms
        return f'{pulled} | default("")' if self._lenient and absent else pulled

    def _outputs(self, task_id: str) -> str:
        if self._graph.tasks[task_id].map_id is None:
            return f'ti.xcom_pull(task_ids="{task_id}")'
        return f'ti.xcom_pull(task_ids="{task_id}", map_indexes=ti.map_index)'

    def _gather(self, value: ir.Gather) -> str:
        node = self._graph.maps[value.map]
        if value.name in {gather.name for gather in self._graph.chosen(node)}:
            return _all_items(self._graph.choice_ids[node.id], value.name)
        output = collected(node, value.name)
        if not isinstance(output, ir.Output):
            raise InternalError(f"{value.name} of {value.map} is not the output of one task")
        return _all_items(output.node, output.name)

    def _merge(self, value: ir.Merge) -> str:
        branch = self._graph.branches[value.branch]
        choice = merged(branch, value.name)
        condition = self._pull(tested(branch))
        then, otherwise = self._joined(choice.then), self._joined(choice.otherwise)
        return f'{then} if {condition} == "true" else {otherwise}'


def _parameter(parameter: ir.Param) -> str:
    # Kubernetes expands `$(NAME)`; in JSON a dollar sign stands in strings only.
    return f'params["{parameter.name}"] | replace("$", "\\\\u0024")'


def _all_items(task_id: str, name: str) -> str:
    # With a list of ids a map over one item gives a list too; a map over none gives one `None`.
    pulled = f'ti.xcom_pull(task_ids=["{task_id}"]) | select'
    return f'{pulled} | map(attribute="{name}") | list | tojson'
