# ruff: noqa: AIR001 - a task's id need not be a Python name
"""Train a network on several hosts at once, each of which has a share of the handwritten digits.

On one machine, as in a plain call, there is one host with all of them.

Compiled by headrace from digits_hosts.py:48 (digits_hosts:pipeline): change that, not this file.
"""

from datetime import timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG, Param, RetryDecision, RetryPolicy, task

CODE = "sha256:d4c42b98640d6a10f8351fee65ed50d5bf29dcb7fd6d55fefc43705cfefcba93"
ENVIRONMENT = {
    "HEADRACE_CODE": CODE,
    "HEADRACE_MODULES": "digits_hosts,digits_torch",
    "HEADRACE_STORE": '{{ params["headrace_store"] | replace("$", "$$") }}',
}


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
def result_of_run(text):
    """Return the result of the run; nothing ends after this task."""
    return text


with DAG(
    dag_id="digits-hosts",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=16,
    fail_fast=False,
    params={
        "rate": Param(
            "0.5",
            type="string",
            description="rate: float, as JSON",
        ),
        "epochs": Param(
            "60",
            type="string",
            description="epochs: int, as JSON",
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
        name="digits-hosts-ingest",
        doc_md="digits_hosts.py:49",
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
    train = KubernetesPodOperator(
        task_id="train",
        name="digits-hosts-train",
        doc_md="digits_hosts.py:50",
        arguments=[
            "--step=train",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "digits_hosts:train",
            '--data={{ ti.xcom_pull(task_ids="ingest")["train_set"] }}',
            r'--rate={{ params["rate"] | replace("$", "\\u0024") }}',
            r'--epochs={{ params["epochs"] | replace("$", "\\u0024") }}',
            r'--seed={{ params["seed"] | replace("$", "\\u0024") }}',
        ],
        env_vars={
            **ENVIRONMENT,
            "HEADRACE_JOBSET": (
                "{\n"
                '  "apiVersion": "jobset.x-k8s.io/v1alpha2",\n'
                '  "kind": "JobSet",\n'
                '  "metadata": {"generateName": "train-"},\n'
                '  "spec": {\n'
                '    "failurePolicy": {"maxRestarts": 0},\n'
                '    "ttlSecondsAfterFinished": 3600,\n'
                '    "replicatedJobs": [\n'
                "      {\n"
                '        "name": "hosts",\n'
                '        "replicas": 1,\n'
                '        "template": {\n'
                '          "spec": {\n'
                '            "parallelism": 4,\n'
                '            "completions": 4,\n'
                '            "completionMode": "Indexed",\n'
                '            "backoffLimit": 0,\n'
                '            "activeDeadlineSeconds": 3600,\n'
                '            "template": {\n'
                '              "spec": {\n'
                '                "restartPolicy": "Never",\n'
                '                "containers": [\n'
                "                  {\n"
                '                    "name": "main",\n'
                '                    "image": "ghcr.io/example/digits-torch:1",\n'
                '                    "command": ["headrace-step"],\n'
                '                    "env": [\n'
                "                      {\n"
                '                        "name": "HEADRACE_JOBSET_NAME",\n'
                '                        "valueFrom": {\n'
                '                          "fieldRef": {\n'
                '                            "fieldPath": "metadata.labels[\'jobset.sigs.k8s.io/jobset-name\']"\n'
                "                          }\n"
                "                        }\n"
                "                      },\n"
                "                      {\n"
                '                        "name": "MASTER_ADDR",\n'
                '                        "value": "$$(HEADRACE_JOBSET_NAME)-hosts-0-0.$$(HEADRACE_JOBSET_NAME)"\n'
                "                      },\n"
                '                      {"name": "MASTER_PORT", "value": "29500"},\n'
                '                      {"name": "WORLD_SIZE", "value": "4"},\n'
                "                      {\n"
                '                        "name": "RANK",\n'
                '                        "valueFrom": {\n'
                '                          "fieldRef": {\n'
                '                            "fieldPath": "metadata.labels[\'batch.kubernetes.io/job-completion-index\']"\n'
                "                          }\n"
                "                        }\n"
                "                      },\n"
                '                      {"name": "LOCAL_WORLD_SIZE", "value": "1"},\n'
                '                      {"name": "LOCAL_RANK", "value": "0"},\n'
                '                      {"name": "PET_NNODES", "value": "4"},\n'
                '                      {"name": "PET_NODE_RANK", "value": "$$(RANK)"},\n'
                '                      {"name": "PET_MASTER_ADDR", "value": "$$(MASTER_ADDR)"},\n'
                '                      {"name": "PET_MASTER_PORT", "value": "$$(MASTER_PORT)"},\n'
                "                      {\n"
                '                        "name": "JAX_COORDINATOR_ADDRESS",\n'
                '                        "value": "$$(MASTER_ADDR):$$(MASTER_PORT)"\n'
                "                      },\n"
                '                      {"name": "JAX_NUM_PROCESSES", "value": "4"},\n'
                '                      {"name": "JAX_PROCESS_ID", "value": "$$(RANK)"}\n'
                "                    ],\n"
                '                    "resources": {\n'
                '                      "requests": {"cpu": "2", "memory": "2Gi"},\n'
                '                      "limits": {"cpu": "2", "memory": "2Gi"}\n'
                "                    }\n"
                "                  }\n"
                "                ]\n"
                "              }\n"
                "            }\n"
                "          }\n"
                "        }\n"
                "      }\n"
                "    ]\n"
                "  }\n"
                "}"
            ),
        },
        retries=1,
        retry_delay=timedelta(seconds=10),
        retry_policy=RetryOtherFaults(),
        trigger_rule="all_success",
    )
    evaluate = KubernetesPodOperator(
        task_id="evaluate",
        name="digits-hosts-evaluate",
        doc_md="digits_hosts.py:50",
        arguments=[
            "--step=evaluate",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "digits_torch:evaluate",
            '--state={{ ti.xcom_pull(task_ids="train")["out"] }}',
            '--data={{ ti.xcom_pull(task_ids="ingest")["test_set"] }}',
        ],
        trigger_rule="all_success",
    )
    pipeline_result = result_of_run.override(
        task_id="pipeline-result",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids="evaluate")["out"] }}',
    )

    ingest >> train
    [train, ingest] >> evaluate
    evaluate >> pipeline_result
