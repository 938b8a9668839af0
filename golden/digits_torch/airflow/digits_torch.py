# ruff: noqa: AIR001 - a task's id need not be a Python name
"""Train a small network on handwritten digits with torch; tune it further if it is not yet good.

Compiled by headrace from digits_torch.py:82 (digits_torch:pipeline): change that, not this file.
"""

import json
from datetime import timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG, Param, RetryDecision, RetryPolicy, task, task_group
from airflow.sdk.exceptions import AirflowSkipException
from kubernetes.client import models as k8s

CODE = "sha256:41a6b1e71f132517c3cbfce2bcf4a87d0c89ac3fe545a0a1ae1a7eee07ce82d3"
ENVIRONMENT = {
    "HEADRACE_CODE": CODE,
    "HEADRACE_MODULES": "digits_torch",
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
    dag_id="digits-torch",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=16,
    fail_fast=False,
    params={
        "rates": Param(
            "[0.01, 0.1]",
            type="string",
            description="rates: list[float], as JSON",
        ),
        "epochs": Param(
            "4",
            type="string",
            description="epochs: int, as JSON",
        ),
        "goal": Param(
            "0.97",
            type="string",
            description="goal: float, as JSON",
        ),
        "seed": Param(
            "3",
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
        "image": "ghcr.io/example/digits-torch:1",
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
        name="digits-torch-ingest",
        doc_md="digits_torch.py:83",
        arguments=[
            "--step=ingest",
            "--xcom=/airflow/xcom/return.json",
            "--value=train_set:=unpack(result, 2)[0]",
            "--value=test_set:=unpack(result, 2)[1]",
            "digits_torch:ingest",
            r'--seed={{ params["seed"] | replace("$", "\\u0024") }}',
            "--test_count=360",
        ],
        trigger_rule="all_success",
    )
    states_items = KubernetesPodOperator(
        task_id="states-items",
        name="digits-torch-states-items",
        doc_md="digits_torch.py:84",
        arguments=[
            "--step=states-items",
            "--xcom=/airflow/xcom/return.json",
            "--items=items:=it",
            r'--let=it={{ params["rates"] | replace("$", "\\u0024") }}',
            "compute",
        ],
        trigger_rule="all_success",
    )
    states_list = list_items.override(
        task_id="states-list",
        trigger_rule="all_success",
    )(
        '{{ ti.xcom_pull(task_ids="states-items")["items"] }}',
    )

    @task_group(group_id="states", prefix_group_id=False)
    def states(item):
        """digits_torch.py:84, for each item."""
        train = KubernetesPodOperator(
            task_id="train",
            name="digits-torch-train",
            doc_md="digits_torch.py:84",
            arguments=[
                "--step=train",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                "digits_torch:train",
                '--data={{ ti.xcom_pull(task_ids="ingest")["train_set"] }}',
                '--rate={{ ti.xcom_pull(task_ids="states-list")[ti.map_index] }}',
                r'--epochs={{ params["epochs"] | replace("$", "\\u0024") }}',
                r'--seed={{ params["seed"] | replace("$", "\\u0024") }}',
            ],
            container_resources=k8s.V1ResourceRequirements(
                requests={
                    "cpu": "2",
                    "memory": "2Gi",
                },
                limits={
                    "cpu": "2",
                    "memory": "2Gi",
                },
            ),
            execution_timeout=timedelta(seconds=3600),
            retries=1,
            retry_delay=timedelta(seconds=10),
            retry_policy=RetryOtherFaults(),
            trigger_rule="all_success",
        )

        ingest >> train
        return train

    train = states.expand(item=states_list)
    scores_list = list_items.override(
        task_id="scores-list",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids=["train"]) | select | map(attribute="out") | list | tojson }}',
    )

    @task_group(group_id="scores", prefix_group_id=False)
    def scores(item):
        """digits_torch.py:85, for each item."""
        evaluate_scores = KubernetesPodOperator(
            task_id="evaluate-scores",
            name="digits-torch-evaluate-scores",
            doc_md="digits_torch.py:85",
            arguments=[
                "--step=evaluate-scores",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                "digits_torch:evaluate",
                '--state={{ ti.xcom_pull(task_ids="scores-list")[ti.map_index] }}',
                '--data={{ ti.xcom_pull(task_ids="ingest")["test_set"] }}',
            ],
            trigger_rule="all_success",
        )

        ingest >> evaluate_scores
        return evaluate_scores

    evaluate_scores = scores.expand(item=scores_list)
    if_state_condition = KubernetesPodOperator(
        task_id="if-state-condition",
        name="digits-torch-if-state-condition",
        doc_md="digits_torch.py:88",
        arguments=[
            "--step=if-state-condition",
            "--xcom=/airflow/xcom/return.json",
            "--condition=condition:=max(scores) < goal",
            r'--let=goal={{ params["goal"] | replace("$", "\\u0024") }}',
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate-scores"]) | select | map(attribute="out") | list | tojson }}',
            "compute",
        ],
        trigger_rule="none_failed",
    )
    tune = KubernetesPodOperator(
        task_id="tune",
        name="digits-torch-tune",
        doc_md="digits_torch.py:89",
        arguments=[
            "--step=tune",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            '--let=states=*{{ ti.xcom_pull(task_ids=["train"]) | select | map(attribute="out") | list | tojson }}',
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate-scores"]) | select | map(attribute="out") | list | tojson }}',
            r'--let=rates={{ params["rates"] | replace("$", "\\u0024") }}',
            r'--let=epochs={{ params["epochs"] | replace("$", "\\u0024") }}',
            "digits_torch:tune",
            "--state:=states[scores.index(max(scores))]",
            '--data={{ ti.xcom_pull(task_ids="ingest")["train_set"] }}',
            "--rate:=rates[scores.index(max(scores))]",
            "--epochs:=4 * epochs",
            r'--seed={{ params["seed"] | replace("$", "\\u0024") }}',
        ],
        container_resources=k8s.V1ResourceRequirements(
            requests={
                "memory": "2Gi",
            },
            limits={
                "memory": "2Gi",
            },
        ),
        node_selector={
            "node.example.com/pool": "large",
        },
        tolerations=[
            k8s.V1Toleration(
                key="large",
                operator="Exists",
                effect="NoSchedule",
            ),
        ],
        trigger_rule="none_failed",
        pre_execute=only_if("if-state-condition", "condition", "true"),
    )
    state = KubernetesPodOperator(
        task_id="state",
        name="digits-torch-state",
        doc_md="digits_torch.py:88",
        arguments=[
            "--step=state",
            "--xcom=/airflow/xcom/return.json",
            "--value=out:=states[scores.index(max(scores))]",
            '--let=states=*{{ ti.xcom_pull(task_ids=["train"]) | select | map(attribute="out") | list | tojson }}',
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate-scores"]) | select | map(attribute="out") | list | tojson }}',
            "compute",
        ],
        trigger_rule="none_failed",
        pre_execute=only_if("if-state-condition", "condition", "false"),
    )
    evaluate_result = KubernetesPodOperator(
        task_id="evaluate-result",
        name="digits-torch-evaluate-result",
        doc_md="digits_torch.py:90",
        arguments=[
            "--step=evaluate-result",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "digits_torch:evaluate",
            '--state={{ ti.xcom_pull(task_ids="tune")["out"] if ti.xcom_pull(task_ids="if-state-condition")["condition"] == "true" else ti.xcom_pull(task_ids="state")["out"] }}',
            '--data={{ ti.xcom_pull(task_ids="ingest")["test_set"] }}',
        ],
        trigger_rule="none_failed",
    )
    result = KubernetesPodOperator(
        task_id="result",
        name="digits-torch-result",
        doc_md="digits_torch.py:90",
        arguments=[
            "--step=result",
            "--xcom=/airflow/xcom/return.json",
            "--value=out:=(scores, evaluate_result)",
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate-scores"]) | select | map(attribute="out") | list | tojson }}',
            '--let=evaluate_result={{ ti.xcom_pull(task_ids="evaluate-result")["out"] }}',
            "compute",
        ],
        trigger_rule="none_failed",
    )
    check = KubernetesPodOperator(
        task_id="check",
        name="digits-torch-check",
        doc_md="digits_torch.py:87",
        arguments=[
            "--step=check",
            "--xcom=/airflow/xcom/return.json",
            "--value=out:=states[scores.index(max(scores))]",
            '--let=states=*{{ ti.xcom_pull(task_ids=["train"]) | select | map(attribute="out") | list | tojson }}',
            '--let=scores=*{{ ti.xcom_pull(task_ids=["evaluate-scores"]) | select | map(attribute="out") | list | tojson }}',
            "compute",
        ],
        trigger_rule="none_failed",
    )
    pipeline_result = result_of_run.override(
        task_id="pipeline-result",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids="result")["out"] }}',
    )

    states_items >> states_list
    train >> scores_list
    evaluate_scores >> if_state_condition
    [train, evaluate_scores, ingest, if_state_condition] >> tune
    [train, evaluate_scores, if_state_condition] >> state
    [if_state_condition, tune, state, ingest] >> evaluate_result
    [evaluate_scores, evaluate_result] >> result
    [train, evaluate_scores] >> check
    [result, check] >> pipeline_result
