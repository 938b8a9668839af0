# ruff: noqa: AIR001 - a task's id need not be a Python name
"""Train classifiers of handwritten digits, and deploy the best one if it is good enough.

Compiled by headrace from digits.py:103 (digits:pipeline): change that, not this file.
"""

import json
from datetime import timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG, Param, RetryDecision, RetryPolicy, task, task_group
from airflow.sdk.exceptions import AirflowSkipException
from kubernetes.client import models as k8s

CODE = "sha256:a25dfb279798c37aa1e8047f164e72253d239e798589afe3af1b2a4848a48582"
ENVIRONMENT = {
    "HEADRACE_CODE": CODE,
    "HEADRACE_MODULES": "digits",
    "HEADRACE_STORE": '{{ params["headrace_store"] | replace("$", "$$") }}',
}


def only_if(task_id, output, expected):
    """Return a hook that skips a task unless `output` of `task_id` is `expected`."""

    def skip_unless_expected(context):
        ti = context["ti"]
        outputs = ti.xcom_pull(task_ids=task_id, map_indexes=-1) or {}
        if outputs.get(output) != expected:
            raise AirflowSkipException(f"{task_id}: {output} is not {expected}")

    return skip_unless_expected


class RetryOtherFaults(RetryPolicy):
    """Retry a step unless its exit code says that it would only fail again."""

    def evaluate(self, exception, try_number, max_tries, context=None):
        """Fail at once on a wrong manifest (64) and on bad data (65)."""
        pod = getattr(context["ti"].task, "remote_pod", None) if context else None
        for status in (pod and pod.status and pod.status.container_statuses) or []:
            ended = status.state and status.state.terminated
            if ended and ended.exit_code in (64, 65):
                return RetryDecision.fail(f"exit code {ended.exit_code}")
        return RetryDecision.default()


@task(multiple_outputs=False)
def list_items(text):
    """Return the list that a group is mapped over, from its JSON."""
    return json.loads(text)


@task(multiple_outputs=False)
def result_of_run(text):
    """Return the result of the run; nothing ends after this task."""
    return text


with DAG(
    dag_id="digits",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=16,
    fail_fast=False,
    params={
        "strengths": Param(
            "[0.0001, 0.01, 1.0]",
            type="string",
            description="strengths: list[float], as JSON",
        ),
        "floor": Param(
            "0.9",
            type="string",
            description="floor: float, as JSON",
        ),
        "seed": Param(
            "7",
            type="string",
            description="seed: int, as JSON",
        ),
        "headrace_store": Param(
            "",
            type="string",
            description="URL of the artifact store",
        ),
    },
    default_args={
        "image": "ghcr.io/example/digits:1",
        "container_resources": k8s.V1ResourceRequirements(
            requests={
                "cpu": "500m",
                "memory": "512Mi",
            },
            limits={
                "cpu": "500m",
                "memory": "512Mi",
            },
        ),
        "cmds": ["headrace-step"],
        "env_vars": ENVIRONMENT,
        "do_xcom_push": True,
        "startup_timeout_seconds": 1800,
        "startup_check_interval_seconds": 1,
        "log_pod_spec_on_failure": False,
        "retries": 0,
    },
):
    ingest = KubernetesPodOperator(
        task_id="ingest",
        name="digits-ingest",
        doc_md="digits.py:104",
        arguments=[
            "--step=ingest",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "digits:ingest",
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="all_success",
    )
    transform = KubernetesPodOperator(
        task_id="transform",
        name="digits-transform",
        doc_md="digits.py:104",
        arguments=[
            "--step=transform",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "digits:transform",
            '--raw={{ ti.xcom_pull(task_ids="ingest")["out"] }}',
            "--test_share=0.2",
            r'--seed={{ params["seed"] | replace("$", "\\u0024") }}',
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="all_success",
    )
    models_items = KubernetesPodOperator(
        task_id="models-items",
        name="digits-models-items",
        doc_md="digits.py:105",
        arguments=[
            "--step=models-items",
            "--xcom=/airflow/xcom/return.json",
            "--items=items:=it",
            r'--let=it={{ params["strengths"] | replace("$", "\\u0024") }}',
            "compute",
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="all_success",
    )
    models_list = list_items.override(
        task_id="models-list",
        trigger_rule="all_success",
    )(
        '{{ ti.xcom_pull(task_ids="models-items")["items"] }}',
    )

    @task_group(group_id="models", prefix_group_id=False)
    def models(item):
        """digits.py:105, for each item."""
        train = KubernetesPodOperator(
            task_id="train",
            name="digits-train",
            doc_md="digits.py:105",
            arguments=[
                "--step=train",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                '--let=transform={{ ti.xcom_pull(task_ids="transform")["out"] }}',
                "digits:train",
                "--data:=transform.train",
                '--strength={{ ti.xcom_pull(task_ids="models-list")[ti.map_index] }}',
            ],
            env_vars={
                **ENVIRONMENT,
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            container_resources=k8s.V1ResourceRequirements(
                requests={
                    "cpu": "1",
                    "memory": "1Gi",
                },
                limits={
                    "cpu": "1",
                    "memory": "1Gi",
                },
            ),
            execution_timeout=timedelta(seconds=600),
            retries=2,
            retry_delay=timedelta(seconds=10),
            retry_policy=RetryOtherFaults(),
            trigger_rule="all_success",
        )

        transform >> train
        return train

    train = models.expand(item=models_list)
    scores_list = list_items.override(
        task_id="scores-list",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids=["train"]) | select | map(attribute="out") | list | tojson }}',
    )

    @task_group(group_id="scores", prefix_group_id=False)
    def scores(item):
        """digits.py:106, for each item."""
        evaluate = KubernetesPodOperator(
            task_id="evaluate",
            name="digits-evaluate",
            doc_md="digits.py:106",
            arguments=[
                "--step=evaluate",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                '--let=transform={{ ti.xcom_pull(task_ids="transform")["out"] }}',
                "digits:evaluate",
                '--model={{ ti.xcom_pull(task_ids="scores-list")[ti.map_index] }}',
                "--data:=transform.test",
            ],
            execution_timeout=timedelta(seconds=600),
            trigger_rule="all_success",
        )

        transform >> evaluate
        return evaluate

    evaluate = scores.expand(item=scores_list)
    if_check_condition = KubernetesPodOperator(
        task_id="if-check-condition",
        name="digits-if-check-condition",
        doc_md="digits.py:108",
        arguments=[
            "--step=if-check-condition",
            "--xcom=/airflow/xcom/return.json",
            "--condition=condition:=max(scores) >= floor",
            r'--let=floor={{ params["floor"] | replace("$", "\\u0024") }}',
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate"]) | select | map(attribute="out") | list | tojson }}',
            "compute",
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="none_failed",
    )
    pick = KubernetesPodOperator(
        task_id="pick",
        name="digits-pick",
        doc_md="digits.py:109",
        arguments=[
            "--step=pick",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "digits:pick",
            '--models=*{{ ti.xcom_pull(task_ids=["train"]) | select | map(attribute="out") | list | tojson }}',
            '--scores=*{{ ti.xcom_pull(task_ids=["evaluate"]) | select | map(attribute="out") | list | tojson }}',
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="none_failed",
        pre_execute=only_if("if-check-condition", "condition", "true"),
    )
    deploy = KubernetesPodOperator(
        task_id="deploy",
        name="digits-deploy",
        doc_md="digits.py:109",
        arguments=[
            "--step=deploy",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate"]) | select | map(attribute="out") | list | tojson }}',
            "digits:deploy",
            '--model={{ ti.xcom_pull(task_ids="pick")["out"] | default("") }}',
            "--accuracy:=max(scores)",
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="none_failed",
        pre_execute=only_if("if-check-condition", "condition", "true"),
    )
    ask = KubernetesPodOperator(
        task_id="ask",
        name="digits-ask",
        doc_md="digits.py:110",
        arguments=[
            "--step=ask",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            '--let=transform={{ ti.xcom_pull(task_ids="transform")["out"] }}',
            "digits:ask",
            '--served={{ ti.xcom_pull(task_ids="deploy")["out"] }}',
            "--data:=transform.test",
            "--count=8",
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="all_success",
        pre_execute=only_if("if-check-condition", "condition", "true"),
    )
    result = KubernetesPodOperator(
        task_id="result",
        name="digits-result",
        doc_md="digits.py:113",
        arguments=[
            "--step=result",
            "--xcom=/airflow/xcom/return.json",
            "--value=out:={'scores': scores, 'strength': strengths[scores.index(max(scores))], 'check': check}",
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate"]) | select | map(attribute="out") | list | tojson }}',
            '--let=check={{ ti.xcom_pull(task_ids="ask")["out"] if ti.xcom_pull(task_ids="if-check-condition")["condition"] == "true" else "=null" }}',
            r'--let=strengths={{ params["strengths"] | replace("$", "\\u0024") }}',
            "compute",
        ],
        execution_timeout=timedelta(seconds=600),
        trigger_rule="none_failed",
    )
    pipeline_result = result_of_run.override(
        task_id="pipeline-result",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids="result")["out"] }}',
    )

    ingest >> transform
    models_items >> models_list
    train >> scores_list
    evaluate >> if_check_condition
    [train, evaluate, if_check_condition] >> pick
    [pick, evaluate, if_check_condition] >> deploy
    [deploy, transform, if_check_condition] >> ask
    [evaluate, if_check_condition, ask] >> result
    [transform, deploy, result] >> pipeline_result
