"""What a step takes on Airflow in our DAG file, beside one of the same work made by hand."""

from statistics import median

from airflow_service.runs import Dag, Run, Runs
from conformance import suite
from conformance.evidence import Overhead
from conformance.suite import CASES

CASE = CASES["ten_steps_in_a_row"]
STEPS = 10
TURNS = 3

_PROGRAM = f"""\
import json, sys
from {CASE.name} import same
with open("/airflow/xcom/return.json", "w") as file:
    json.dump(same(int(sys.argv[1])), file)
"""

BY_HAND = Dag(
    "by-hand",
    "by_hand.py",
    f"""\
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG

with DAG(dag_id="by-hand", schedule=None, is_paused_upon_creation=False):
    value, before = "7", None
    for number in range({STEPS}):
        same = KubernetesPodOperator(
            task_id=f"same-{{number}}",
            image={suite.IMAGE!r},
            cmds=["python3", "-c", {_PROGRAM!r}],
            arguments=[value],
            do_xcom_push=True,
            startup_check_interval_seconds=1,
        )
        if before is not None:
            before >> same
        value, before = str(same.output), same
""",
)
"""The same ten steps as a person writes them."""


def measured(runs: Runs, ours: Dag) -> Overhead:
    """Return the seconds (medians) and pods that a step takes in `ours` and in one by hand.

    Raises:
        RuntimeError: a run does not succeed.
    """
    ways = {"headrace": ours, "by hand": BY_HAND}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    pods: dict[str, int] = {}
    for turn in range(TURNS):
        for way, dag in ways.items():
            runs.start(Run(f"overhead-{dag.id}-{turn}", dag, {}))
            ((_, ended),) = runs.until_all_end()
            if ended.state != "success":
                raise RuntimeError(f"{way}: {ended}")
            seconds[way].append(ended.seconds)
            pods[way] = ended.pods
    return {
        way: {"seconds": round(median(seconds[way]) / STEPS, 2), "pods": pods[way] / STEPS}
        for way in ways
    }
