"""The same pipelines of any length for headrace and for the tools beside it."""

from collections.abc import Iterator

SHAPES = ("distinct", "calls")
"""A chain of different functions in which every tenth also reads what was made ten steps before;
and calls of one function, each of what the last one made."""

IMAGE = "ghcr.io/acme/chain:1"
FAN = 10


def reads(shape: str, number: int) -> list[int]:
    """Return the steps whose results step `number` reads; none for the first."""
    if number == 0:
        return []
    if shape == "distinct" and number % FAN == 0:
        return [number - 1, number - FAN]
    return [number - 1]


def function(shape: str, number: int) -> str:
    """Return the function that step `number` calls."""
    return f"step_{number}" if shape == "distinct" else "step"


def _parameters(shape: str, number: int) -> list[str]:
    return ["value", "other"][: max(1, len(reads(shape, number)))]


def _functions(shape: str, count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the parameters of each function."""
    for number in range(count if shape == "distinct" else 1):
        yield function(shape, number), _parameters(shape, number)


def _steps(shape: str, count: int) -> Iterator[tuple[int, list[tuple[str, int | None]]]]:
    """Yield each step with its arguments: the step that makes each, None for the run parameter."""
    for number in range(count):
        made: list[int | None] = [*reads(shape, number)] or [None]
        yield number, list(zip(_parameters(shape, number), made, strict=True))


def headrace(shape: str, count: int) -> str:
    """Return the module."""
    defined = "".join(
        f"def {name}({', '.join(f'{p}: int' for p in parameters)}) -> int:\n"
        f"    return {' + '.join(parameters)}\n\n\n"
        for name, parameters in _functions(shape, count)
    )
    calls = "".join(
        f"    v{number} = {function(shape, number)}"
        f"({', '.join('value' if made is None else f'v{made}' for _, made in arguments)})\n"
        for number, arguments in _steps(shape, count)
    )
    return f"{defined}def pipeline(value: int = 1):\n{calls}    return v{count - 1}\n"


def kfp(shape: str, count: int, out: str) -> str:
    """Return the program that compiles it with kfp's own compiler."""
    defined = "".join(
        f"@dsl.component(base_image={IMAGE!r})\n"
        f"def {name}({', '.join(f'{p}: int' for p in parameters)}) -> int:\n"
        f"    return {' + '.join(parameters)}\n\n\n"
        for name, parameters in _functions(shape, count)
    )
    calls = "".join(
        f"    v{number} = {function(shape, number)}("
        + ", ".join(f"{p}={'value' if m is None else f'v{m}.output'}" for p, m in arguments)
        + ")\n"
        for number, arguments in _steps(shape, count)
    )
    return (
        f"from kfp import compiler, dsl\n\n\n{defined}@dsl.pipeline\n"
        f"def pipeline(value: int = 1) -> int:\n{calls}    return v{count - 1}.output\n\n\n"
        f"compiler.Compiler().compile(pipeline, {out!r})\n"
    )


def hera(shape: str, count: int, out: str) -> str:
    """Return the program that writes it as YAML with Hera."""
    templates = "".join(
        f"    {name} = Container(\n"
        f"        name={name.replace('_', '-')!r},\n"
        f"        image={IMAGE!r},\n"
        f'        command=["headrace-step"],\n'
        f"        args=[{f'chain:{name}'!r}, "
        + ", ".join(f'"--{p}={{{{inputs.parameters.{p}}}}}"' for p in parameters)
        + "],\n"
        f"        inputs=[{', '.join(f'Parameter(name={p!r})' for p in parameters)}],\n"
        '        outputs=[Parameter(name="out", value_from=ValueFrom(path="/tmp/out"))],\n    )\n'
        for name, parameters in _functions(shape, count)
    )
    tasks = "".join(
        f"        t{number} = Task(name='step-{number}', template={function(shape, number)}, "
        "arguments={"
        + ", ".join(
            f"{p!r}: " + ("'1'" if m is None else f"t{m}.get_parameter('out')")
            for p, m in arguments
        )
        + "})\n"
        + "".join(f"        t{made} >> t{number}\n" for made in reads(shape, number))
        for number, arguments in _steps(shape, count)
    )
    return (
        "from hera.workflows import DAG, Container, Parameter, Task, WorkflowTemplate\n"
        "from hera.workflows.models import ValueFrom\n\n"
        f'with WorkflowTemplate(name="chain", entrypoint="main") as workflow:\n{templates}'
        f'    with DAG(name="main"):\n{tasks}'
        f"with open({out!r}, 'w') as file:\n    file.write(workflow.to_yaml())\n"
    )


def airflow(shape: str, count: int) -> str:
    """Return the DAG file as people write it, which serialises itself when it is run."""
    tasks = "".join(
        f"    step_{number} = KubernetesPodOperator(\n"
        f'        task_id="step-{number}",\n'
        f'        name="step-{number}",\n'
        f"        image={IMAGE!r},\n"
        '        cmds=["headrace-step"],\n'
        f"        arguments=[{f'chain:{function(shape, number)}'!r}, "
        + ", ".join(f"'--{p}={_template(m)}'" for p, m in arguments)
        + "],\n        do_xcom_push=True,\n    )\n"
        + "".join(f"    step_{made} >> step_{number}\n" for made in reads(shape, number))
        for number, arguments in _steps(shape, count)
    )
    return (
        "from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n"
        "from airflow.sdk import DAG, Param\n\n"
        'with DAG(dag_id="chain", schedule=None, params={"value": Param("1")}) as dag:\n'
        f'{tasks}\n\nif __name__ == "__main__":\n'
        "    from airflow.serialization.serialized_objects import DagSerialization\n\n"
        "    DagSerialization.to_dict(dag)\n"
    )


def _template(made: int | None) -> str:
    return (
        '{{ params["value"] }}'
        if made is None
        else f'{{{{ ti.xcom_pull(task_ids="step-{made}")["out"] }}}}'
    )
