"""What Airflow 3 does with each feature of a pipeline."""

from headrace.compiler.capabilities import Capabilities, Feature, Level, Support

_DOCS = "https://airflow.apache.org/docs/apache-airflow/stable/"
_OPERATOR = (
    "https://airflow.apache.org/docs/apache-airflow-providers-cncf-kubernetes/stable/operators.html"
)

CAPABILITIES = Capabilities(
    name="airflow",
    title="Apache Airflow",
    versions="3.3 and later, with the cncf-kubernetes provider 10",
    flattens_maps=True,
    features={
        Feature.STEP: Support(
            Level.NATIVE,
            "a KubernetesPodOperator; its outputs are texts of one XCom",
            reference=_OPERATOR,
        ),
        Feature.MAP: Support(
            Level.NATIVE,
            "a mapped task group over the list that a small task returns; at most 1,024 items",
            reference=_DOCS + "authoring-and-scheduling/dynamic-task-mapping.html",
        ),
        Feature.NESTED_MAP: Support(
            Level.LOWERED,
            "a mapped task group cannot hold another one, so there are several, one after another; "
            "a step without a function makes the list of each",
            reference=_DOCS + "authoring-and-scheduling/dynamic-task-mapping.html",
        ),
        Feature.GUARDED_NESTED_MAP: Support(
            Level.REFUSED,
            "a mapped task group cannot hold another one, and a cleanup belongs to one item",
            reference=_DOCS + "authoring-and-scheduling/dynamic-task-mapping.html",
            hint="put `try` around the outer loop, or loop inside a step",
        ),
        Feature.BRANCH: Support(
            Level.LOWERED,
            "each task of an arm skips itself unless the condition's XCom says its arm; "
            "what follows a branch runs unless something failed",
            reference=_DOCS + "core-concepts/dags.html#trigger-rules",
        ),
        Feature.BRANCH_IN_MAP: Support(
            Level.LOWERED,
            "as a branch, for each item by itself; @task.branch skips nothing in a mapped group",
            reference="https://github.com/apache/airflow/issues/67265",
        ),
        Feature.MAP_IN_BRANCH: Support(
            Level.LOWERED,
            "the task that lists the items skips itself, and the mapped group with it",
        ),
        Feature.GUARD: Support(
            Level.LOWERED,
            "a small task marks that the body starts; the first tasks of the cleanup have the rule "
            "all_done and skip themselves without that mark",
            reference=_DOCS + "core-concepts/dags.html#trigger-rules",
        ),
        Feature.GUARD_IN_MAP: Support(
            Level.LOWERED,
            "the same within the mapped group",
            reference=_DOCS + "core-concepts/dags.html#trigger-rules",
        ),
        Feature.EFFECT_ORDER: Support(Level.NATIVE, "edges between the tasks"),
        Feature.RETRIES: Support(
            Level.NATIVE,
            "retries and retry_delay; a retry policy ends a step at once that exits with 64 "
            "(wrong manifest) or 65 (bad data)",
            since="3.3",
            reference=_DOCS + "core-concepts/tasks.html",
        ),
        Feature.RETRY_BACKOFF: Support(
            Level.NATIVE,
            "retry_exponential_backoff; Airflow waits up to twice as long as asked, at random",
            reference=_DOCS + "core-concepts/tasks.html",
        ),
        Feature.TIMEOUT: Support(Level.NATIVE, "execution_timeout, for each attempt"),
        Feature.RESOURCES: Support(Level.NATIVE, "container_resources", reference=_OPERATOR),
        Feature.NODE_SELECTOR: Support(Level.NATIVE, "node_selector", reference=_OPERATOR),
        Feature.TOLERATIONS: Support(Level.NATIVE, "tolerations", reference=_OPERATOR),
        Feature.REFERENCES: Support(
            Level.NATIVE, "env of the container in pod_template_dict", reference=_OPERATOR
        ),
        Feature.VOLUMES: Support(
            Level.NATIVE, "volumes and volumeMounts in pod_template_dict", reference=_OPERATOR
        ),
        Feature.HOST_PATHS: Support(
            Level.NATIVE, "a hostPath in pod_template_dict", reference=_OPERATOR
        ),
        Feature.SERVICE_ACCOUNT: Support(Level.NATIVE, "service_account_name", reference=_OPERATOR),
        Feature.METADATA: Support(Level.NATIVE, "labels and annotations", reference=_OPERATOR),
        Feature.PRIORITY_CLASS: Support(Level.NATIVE, "priority_class_name", reference=_OPERATOR),
        Feature.QUEUE: Support(
            Level.NATIVE,
            "Kueue's label, or Volcano's annotation, on the pod, for which the task waits up to a "
            "week; active_deadline_seconds of the pod is the timeout then",
            reference="https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/",
        ),
        Feature.HOSTS: Support(
            Level.LOWERED,
            "a JobSet that the pod of the step creates and waits for",
            reference="https://jobset.sigs.k8s.io/docs/overview/",
        ),
        Feature.SCHEDULER: Support(Level.NATIVE, "schedulername", reference=_OPERATOR),
        Feature.POD: Support(
            Level.NATIVE,
            "pod_template_dict, and the operator's arguments where it changes what they say",
            reference=_OPERATOR,
        ),
        Feature.NODE_AFFINITY: Support(Level.NATIVE, "affinity", reference=_OPERATOR),
        Feature.SHARED_MEMORY: Support(
            Level.NATIVE,
            "an emptyDir of memory in volumes, at /dev/shm in volume_mounts",
            reference=_OPERATOR,
        ),
        Feature.RUNTIME_CLASS: Support(
            Level.LOWERED,
            "full_pod_spec, to which the operator adds the container: older providers have no "
            "argument for it",
            reference=_OPERATOR,
        ),
        Feature.RESOURCE_CLAIM: Support(
            Level.NATIVE,
            "pod_template_dict, and a ResourceClaimTemplate beside the file; Kubernetes 1.34 and "
            "later",
            reference=_OPERATOR,
        ),
        Feature.SCHEDULE: Support(
            Level.NATIVE,
            "a CronTriggerTimetable; a run starts at the tick",
            reference=_DOCS + "authoring-and-scheduling/timetable.html",
        ),
        Feature.TIMEZONE: Support(Level.NATIVE, "the time zone of the CronTriggerTimetable"),
        Feature.CATCHUP: Support(
            Level.REFUSED,
            "a DAG that catches up must have a start date, and would make up for every tick since",
            reference=_DOCS + "core-concepts/dag-run.html#catchup",
            hint="set catchup = false in the schedule; `airflow backfill create` makes up for runs",
        ),
        Feature.OVERLAP_REPLACE: Support(
            Level.REFUSED,
            "it can queue a run or start it beside the running one, but not end that one",
            hint='set overlap = "forbid" or overlap = "allow"',
        ),
    },
)
"""The table of the `airflow` target."""
