"""The same work as that of our DAG file, in one made by hand; what a run of a DAG took."""

from uuid import uuid4

from airflow_service.runs import Dag, Run, Runs
from conformance import suite
from conformance.engines.overhead import CASE, STEPS, Took

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


def took(runs: Runs, dag: Dag) -> Took:
    """Run `dag` and return what it took.

    Raises:
        RuntimeError: it does not succeed.
    """
    runs.start(Run(f"overhead-{uuid4()}", dag, {}))
    ((_, ended),) = runs.until_all_end()
    if ended.state != "success":
        raise RuntimeError(str(ended))
    return Took(ended.seconds, ended.pods)
