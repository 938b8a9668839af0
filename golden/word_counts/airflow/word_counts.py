# ruff: noqa: AIR001 - a task's id need not be a Python name
"""Count the words of famous texts: a pipeline that needs nothing but the standard library.

Compiled by headrace from word_counts.py:35 (word_counts:pipeline): change that, not this file.
"""

import json

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG, CronTriggerTimetable, Param, task, task_group
from airflow.sdk.exceptions import AirflowSkipException
from kubernetes.client import models as k8s

CODE = "sha256:cb53b66d4c8a8ebd57f359119c2b7b8e54cf3d7179674a54406bf5ca9f3f2932"
ENVIRONMENT = {
    "HEADRACE_CODE": CODE,
    "HEADRACE_MODULES": "corpus,corpus.files,corpus.words,word_counts",
    "HEADRACE_STORE": '{{ params["headrace_store"] | replace("$", "$$") }}',
}


def only_if(task_id, output, expected, same_item=False):
    """Return a hook that skips a task unless `output` of `task_id` is `expected`."""

    def skip_unless_expected(context):
        ti = context["ti"]
        map_index = ti.map_index if same_item else -1
        outputs = ti.xcom_pull(task_ids=task_id, map_indexes=map_index) or {}
        if outputs.get(output) != expected:
            raise AirflowSkipException(f"{task_id}: {output} is not {expected}")

    return skip_unless_expected


@task(multiple_outputs=False)
def list_items(text):
    """Return the list that a group is mapped over, from its JSON."""
    return json.loads(text)


@task(multiple_outputs=False)
def result_of_run(text):
    """Return the result of the run; nothing ends after this task."""
    return text


with DAG(
    dag_id="word-counts",
    doc_md=__doc__,
    schedule=CronTriggerTimetable(
        "0 6 * * 1-5",
        timezone="UTC",
        run_immediately=False,
    ),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    fail_fast=False,
    params={
        "titles": Param(
            '["gettysburg", "sonnet-18", "zen"]',
            type="string",
            description="titles: list[str], as JSON",
        ),
        "places": Param(
            "3",
            type="string",
            description="places: int, as JSON",
        ),
        "skip": Param(
            "true",
            type="string",
            description="skip: bool, as JSON",
        ),
        "headrace_store": Param(
            "",
            type="string",
            description="URL of the artifact store",
        ),
    },
    default_args={
        "image": "ghcr.io/example/word-counts:1",
        "container_resources": k8s.V1ResourceRequirements(
            requests={
                "cpu": "100m",
                "memory": "64Mi",
            },
            limits={
                "cpu": "100m",
                "memory": "64Mi",
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
    texts_items = KubernetesPodOperator(
        task_id="texts-items",
        name="word-counts-texts-items",
        doc_md="word_counts.py:38",
        arguments=[
            "--step=texts-items",
            "--xcom=/airflow/xcom/return.json",
            "--items=items:=it",
            r'--let=it={{ params["titles"] | replace("$", "\\u0024") }}',
            "compute",
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="all_success",
    )
    texts_list = list_items.override(
        task_id="texts-list",
        trigger_rule="all_success",
    )(
        '{{ ti.xcom_pull(task_ids="texts-items")["items"] }}',
    )

    @task_group(group_id="texts", prefix_group_id=False)
    def texts(item):
        """word_counts.py:38, for each item."""
        read = KubernetesPodOperator(
            task_id="read",
            name="word-counts-read",
            doc_md="word_counts.py:38",
            arguments=[
                "--step=read",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                "corpus.files:read",
                '--title={{ ti.xcom_pull(task_ids="texts-list")[ti.map_index] }}',
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="all_success",
        )

        return read

    read = texts.expand(item=texts_list)
    counts_list = list_items.override(
        task_id="counts-list",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids=["read"]) | select | map(attribute="out") | list | tojson }}',
    )

    @task_group(group_id="counts", prefix_group_id=False)
    def counts(item):
        """word_counts.py:39, for each item."""
        if_counts_condition = KubernetesPodOperator(
            task_id="if-counts-condition",
            name="word-counts-if-counts-condition",
            doc_md="word_counts.py:39",
            arguments=[
                "--step=if-counts-condition",
                "--xcom=/airflow/xcom/return.json",
                "--condition=condition:=it",
                r'--let=it={{ params["skip"] | replace("$", "\\u0024") }}',
                "compute",
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="all_success",
        )
        tokens_counts = KubernetesPodOperator(
            task_id="tokens-counts",
            name="word-counts-tokens-counts",
            doc_md="word_counts.py:39",
            arguments=[
                "--step=tokens-counts",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "corpus.words:tokens",
                '--text={{ ti.xcom_pull(task_ids="counts-list")[ti.map_index] }}',
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="all_success",
            pre_execute=only_if(
                "if-counts-condition",
                "condition",
                "true",
                same_item=True,
            ),
        )
        without_common = KubernetesPodOperator(
            task_id="without-common",
            name="word-counts-without-common",
            doc_md="word_counts.py:39",
            arguments=[
                "--step=without-common",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "corpus.words:without_common",
                '--words={{ ti.xcom_pull(task_ids="tokens-counts", map_indexes=ti.map_index)["out"] }}',
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="all_success",
            pre_execute=only_if(
                "if-counts-condition",
                "condition",
                "true",
                same_item=True,
            ),
        )
        tokens_counts_2 = KubernetesPodOperator(
            task_id="tokens-counts-2",
            name="word-counts-tokens-counts-2",
            doc_md="word_counts.py:39",
            arguments=[
                "--step=tokens-counts-2",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "corpus.words:tokens",
                '--text={{ ti.xcom_pull(task_ids="counts-list")[ti.map_index] }}',
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="all_success",
            pre_execute=only_if(
                "if-counts-condition",
                "condition",
                "false",
                same_item=True,
            ),
        )
        count = KubernetesPodOperator(
            task_id="count",
            name="word-counts-count",
            doc_md="word_counts.py:39",
            arguments=[
                "--step=count",
                "--xcom=/airflow/xcom/return.json",
                "--declare=out",
                "--gathered=out",
                "word_counts:count",
                '--words={{ ti.xcom_pull(task_ids="without-common", map_indexes=ti.map_index)["out"] if ti.xcom_pull(task_ids="if-counts-condition", map_indexes=ti.map_index)["condition"] == "true" else ti.xcom_pull(task_ids="tokens-counts-2", map_indexes=ti.map_index)["out"] }}',
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="none_failed",
        )

        if_counts_condition >> tokens_counts
        [tokens_counts, if_counts_condition] >> without_common
        if_counts_condition >> tokens_counts_2
        [if_counts_condition, without_common, tokens_counts_2] >> count
        return tokens_counts, count

    tokens_counts, count = counts.expand(item=counts_list)
    tops_items = KubernetesPodOperator(
        task_id="tops-items",
        name="word-counts-tops-items",
        doc_md="word_counts.py:40",
        arguments=[
            "--step=tops-items",
            "--xcom=/airflow/xcom/return.json",
            "--items=items:=[(number, title_2, each) for number, (title_2, each) in enumerate(zip(titles, counts_2, strict=True), 1)]",
            r'--let=titles={{ params["titles"] | replace("$", "\\u0024") }}',
            '--let=counts_2=*{{ ti.xcom_pull(task_ids=["count"]) | select | map(attribute="out") | list | tojson }}',
            "compute",
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="none_failed",
    )
    tops_list = list_items.override(
        task_id="tops-list",
        trigger_rule="all_success",
    )(
        '{{ ti.xcom_pull(task_ids="tops-items")["items"] }}',
    )

    @task_group(group_id="tops", prefix_group_id=False)
    def tops(item):
        """word_counts.py:40, for each item."""
        ranking_tops = KubernetesPodOperator(
            task_id="ranking-tops",
            name="word-counts-ranking-tops",
            doc_md="word_counts.py:41",
            arguments=[
                "--step=ranking-tops",
                "--xcom=/airflow/xcom/return.json",
                "--value=out_2:=format(item[0], '') + '. ' + format(item[1].upper(), '') + ': ' + format(result[0][0], '')",
                "--gathered=out_2",
                '--let=item={{ ti.xcom_pull(task_ids="tops-list")[ti.map_index] }}',
                "word_counts:ranking",
                "--counts:=item[2]",
                "--places=1",
            ],
            labels={
                "app.kubernetes.io/part-of": "texts",
            },
            trigger_rule="all_success",
        )

        return ranking_tops

    ranking_tops = tops.expand(item=tops_list)
    add = KubernetesPodOperator(
        task_id="add",
        name="word-counts-add",
        doc_md="word_counts.py:44",
        arguments=[
            "--step=add",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "--condition=condition:=sum(result.values()) > 200",
            "word_counts:add",
            '--counts=*{{ ti.xcom_pull(task_ids=["count"]) | select | map(attribute="out") | list | tojson }}',
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="none_failed",
    )
    announce = KubernetesPodOperator(
        task_id="announce",
        name="word-counts-announce",
        doc_md="word_counts.py:47",
        arguments=[
            "--step=announce",
            "--xcom=/airflow/xcom/return.json",
            '--let=add={{ ti.xcom_pull(task_ids="add")["out"] }}',
            r'--let=titles={{ params["titles"] | replace("$", "\\u0024") }}',
            "word_counts:announce",
            "--line:=format(len(titles), '') + ' texts, ' + format(sum(add.values()), '') + ' words, ' + format(len(add), '') + ' different'",
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="none_failed",
        pre_execute=only_if("add", "condition", "true"),
    )
    ranking_top = KubernetesPodOperator(
        task_id="ranking-top",
        name="word-counts-ranking-top",
        doc_md="word_counts.py:48",
        arguments=[
            "--step=ranking-top",
            "--xcom=/airflow/xcom/return.json",
            "--declare=out",
            "word_counts:ranking",
            '--counts={{ ti.xcom_pull(task_ids="add")["out"] }}',
            r'--places={{ params["places"] | replace("$", "\\u0024") }}',
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="all_success",
        pre_execute=only_if("add", "condition", "true"),
    )
    heading = KubernetesPodOperator(
        task_id="heading",
        name="word-counts-heading",
        doc_md="word_counts.py:45",
        arguments=[
            "--step=heading",
            "--xcom=/airflow/xcom/return.json",
            "--value=out:=format(len(titles), '') + ' texts, ' + format(sum(add.values()), '') + ' words, ' + format(len(add), '') + ' different'",
            r'--let=titles={{ params["titles"] | replace("$", "\\u0024") }}',
            '--let=add={{ ti.xcom_pull(task_ids="add")["out"] }}',
            "compute",
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="all_success",
        pre_execute=only_if("add", "condition", "true"),
    )
    result = KubernetesPodOperator(
        task_id="result",
        name="word-counts-result",
        doc_md="word_counts.py:52",
        arguments=[
            "--step=result",
            "--xcom=/airflow/xcom/return.json",
            "--value=out:={'heading': heading, 'top': top, 'texts': tops}",
            r'--let=heading={{ ti.xcom_pull(task_ids="heading")["out"] if ti.xcom_pull(task_ids="add")["condition"] == "true" else "=\"hardly a corpus\"" }}',
            '--let=top={{ ti.xcom_pull(task_ids="ranking-top")["out"] if ti.xcom_pull(task_ids="add")["condition"] == "true" else "=[]" }}',
            '--let=tops=*{{ ti.xcom_pull(task_ids=["ranking-tops"]) | select | map(attribute="out_2") | list | tojson }}',
            "compute",
        ],
        labels={
            "app.kubernetes.io/part-of": "texts",
        },
        trigger_rule="none_failed",
    )
    pipeline_result = result_of_run.override(
        task_id="pipeline-result",
        trigger_rule="none_failed",
    )(
        '{{ ti.xcom_pull(task_ids="result")["out"] }}',
    )

    texts_items >> texts_list
    read >> counts_list
    count >> tops_items
    tops_items >> tops_list
    count >> add
    [add, ranking_tops] >> announce
    [add, announce] >> ranking_top
    [add, announce] >> heading
    [add, heading, ranking_top, ranking_tops] >> result
    [tokens_counts, announce, result] >> pipeline_result
