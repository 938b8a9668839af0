# ruff: noqa: AIR001 - a task's id need not be a Python name
"""Shout a text, word by word: what the README shows. No image is set, so its code travels.

Compiled by headrace from shout.py:16 (shout:pipeline): change that, not this file.
"""

import json

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG, Param, task, task_group
from kubernetes.client import models as k8s

CODE = "sha256:e2ffa34f2582fdc00966d2c79c55260a07f644e1695b780cdb946c51eb02ef4f"
ENVIRONMENT = {
    "HEADRACE_CODE": CODE,
    "HEADRACE_MODULES": "shout",
    "HEADRACE_STORE": '{{ params["headrace_store"] | replace("$", "$$") }}',
}
CODE_VOLUMES = [
    k8s.V1Volume(
        name="headrace-step",
        config_map=k8s.V1ConfigMapVolumeSource(
            name="headrace-step-11ea37476f",
        ),
    ),
    k8s.V1Volume(
        name="headrace-code",
        config_map=k8s.V1ConfigMapVolumeSource(
            name="shout-code-dc457bf55c",
        ),
    ),
]
CODE_MOUNTS = [
    k8s.V1VolumeMount(name="headrace-step", mount_path="/headrace/step"),
    k8s.V1VolumeMount(name="headrace-code", mount_path="/headrace/code"),
]


@task(multiple_outputs=False)
def list_items(text):
    """Return the list that a group is mapped over, from its JSON."""
    return json.loads(text)


@task(multiple_outputs=False)
def result_of_run(text):
    """Return the result of the run; nothing ends after this task."""
    return text


with DAG(
    dag_id="shout",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=16,
    fail_fast=False,
    params={
        "text": Param(
            '"a plain pipeline"',
            type="string",
            description="text: str, as JSON",
        ),
        "headrace_store": Param(
            "",
            type="string",
            description="URL of the artifact store",
        ),
    },
    default_args={
        "image": "python:3.11-slim",
        "cmds": ["python3", "/headrace/step/headrace-step"],
        "volumes": CODE_VOLUMES,
        "volume_mounts": CODE_MOUNTS,
        "env_vars": ENVIRONMENT,
        "do_xcom_push": True,
        "startup_timeout_seconds": 1800,
        "startup_check_interval_seconds": 1,
        "log_pod_spec_on_failure": False,
        "retries": 0,
    },
):
    words = KubernetesPodOperator(
        task_id="words",
        name="shout-words",
        doc_md="shout.py:17",
        arguments=[
            "--step=words",
            "--xcom=/airflow/xcom/return.json",
            "--items=items:=result",
            "shout:words",
            r'--text={{ params["text"] | replace("$", "\\u0024") }}',
        ],
        trigger_rule="all_success",
    )
    result_list = list_items.override(
        task_id="result-list",
        trigger_rule="all_success",
    )(
        '{{ ti.xcom_pull(task_ids="words")["items"] }}',
    )

    @task_group(group_id="result", prefix_group_id=False)
    def result(item):
        """shout.py:17, for each item."""
        shout = KubernetesPodOperator(
            task_id="shout",
            name="shout-shout",
            doc_md="shout.py:17",
            arguments=[
                "--step=shout",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                "shout:shout",
                '--word={{ ti.xcom_pull(task_ids="result-list")[ti.map_index] }}',
            ],
            trigger_rule="all_success",
        )

        return shout

    shout = result.expand(item=result_list)
    join = KubernetesPodOperator(
        task_id="join",
        name="shout-join",
        doc_md="shout.py:17",
        arguments=[
            "--step=join",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "shout:join",
            '--parts=*{{ ti.xcom_pull(task_ids=["shout"]) | select | map(attribute="out") | list | tojson }}',
        ],
        trigger_rule="none_failed",
    )
    pipeline_result = result_of_run.override(
        task_id="pipeline-result",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids="join")["out"] }}',
    )

    words >> result_list
    shout >> join
    join >> pipeline_result
