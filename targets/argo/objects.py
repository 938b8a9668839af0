"""Which WorkflowTemplate holds which template: several, where there are more than one takes.

Templates refer to those in later objects only: DAG templates stand before what they call, and the
templates of steps last. So the objects can be created from the last to the first by tools that
want every reference to resolve.
"""

from collections.abc import Mapping, Sequence

from headrace.targets.argo.manifest import LIST_LENGTH, Task, Template, TemplateRef


def distributed(name: str, templates: Sequence[Template]) -> dict[str, tuple[Template, ...]]:
    """Return the templates of each object by its name, the first of which is `name`.

    `templates` has the entrypoint first, and each DAG template before those that it calls.
    """
    most = LIST_LENGTH["templates"]
    if len(templates) <= most:
        return {name: tuple(templates)}
    ordered = sorted(templates, key=lambda template: template.dag is None)
    objects = {
        name if not start else f"{name}-part-{start // most + 1}": ordered[start : start + most]
        for start in range(0, len(ordered), most)
    }
    homes = {template.name: home for home, held in objects.items() for template in held}
    return {
        home: tuple(_referring(template, home, homes) for template in held)
        for home, held in objects.items()
    }


def _referring(template: Template, home: str, homes: Mapping[str, str]) -> Template:
    """Return `template`, of the object `home`, with references to templates in other objects."""
    if template.dag is None:
        return template
    tasks = tuple(_task(task, home, homes) for task in template.dag.tasks)
    return template.replace(dag=template.dag.replace(tasks=tasks))


def _task(task: Task, home: str, homes: Mapping[str, str]) -> Task:
    if task.template is None or homes[task.template] == home:
        return task
    reference = TemplateRef(name=homes[task.template], template=task.template)
    return task.replace(template=None, template_ref=reference)
