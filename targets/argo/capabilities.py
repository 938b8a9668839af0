"""What Argo Workflows can express."""

from headrace.compiler.capabilities import Capabilities, Feature, Level, Support

_DOCS = "https://argo-workflows.readthedocs.io/en/latest"

CAPABILITIES = Capabilities(
    name="argo",
    title="Argo Workflows",
    versions="3.7, 4.x",
    features={
        Feature.STEP: Support(
            Level.NATIVE,
            how="a container template and a task of a DAG template",
            since="2.0",
            reference=f"{_DOCS}/walk-through/dag/",
        ),
        Feature.MAP: Support(
            Level.LOWERED,
            how="a DAG template around one withParam task: without items that task is Skipped, "
            "and the template still succeeds with an empty list",
            since="3.1",
            reference=f"{_DOCS}/walk-through/loops/",
        ),
        Feature.NESTED_MAP: Support(
            Level.LOWERED,
            how="a withParam task whose template is the DAG template of the inner map",
            since="3.1",
            reference=f"{_DOCS}/walk-through/loops/",
        ),
        Feature.GUARDED_NESTED_MAP: Support(
            Level.LOWERED,
            how="a withParam task in the DAG template of the guard",
            since="3.1",
            reference=f"{_DOCS}/walk-through/loops/",
        ),
        Feature.BRANCH: Support(
            Level.LOWERED,
            how="a DAG template with a task for each arm under a when expression, and an output "
            "expression that takes the value of the arm that succeeded",
            since="3.1",
            reference=f"{_DOCS}/conditional-artifacts-parameters/",
        ),
        Feature.BRANCH_IN_MAP: Support(
            Level.LOWERED,
            how="a withParam task whose template is the DAG template of the branch",
            since="3.1",
            reference=f"{_DOCS}/conditional-artifacts-parameters/",
        ),
        Feature.MAP_IN_BRANCH: Support(
            Level.LOWERED,
            how="the when expression stands on the map's own DAG template, never on its loop",
            since="3.1",
            reference=f"{_DOCS}/walk-through/loops/",
        ),
        Feature.GUARD: Support(
            Level.LOWERED,
            how="a DAG template of the body, the cleanup, which depends on the body's success or "
            "failure, and a last task without a pod that depends on the success of both",
            since="2.9",
            reference=f"{_DOCS}/enhanced-depends-logic/",
        ),
        Feature.GUARD_IN_MAP: Support(
            Level.LOWERED,
            how="a withParam task whose template is the DAG template of the guard",
            since="2.9",
            reference=f"{_DOCS}/enhanced-depends-logic/",
        ),
        Feature.EFFECT_ORDER: Support(
            Level.NATIVE,
            how="depends on the success of the task before",
            since="2.9",
            reference=f"{_DOCS}/enhanced-depends-logic/",
        ),
        Feature.RETRIES: Support(
            Level.NATIVE,
            how="retryStrategy, with an expression that never retries exit codes 64 and 65",
            since="3.1",
            reference=f"{_DOCS}/retries/",
        ),
        Feature.RETRY_BACKOFF: Support(
            Level.NATIVE,
            how="retryStrategy.backoff; the factor is a whole number",
            since="3.0",
            reference=f"{_DOCS}/retries/#back-off",
        ),
        Feature.TIMEOUT: Support(
            Level.NATIVE,
            how="activeDeadlineSeconds of the container template, for each attempt",
            since="2.0",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.RESOURCES: Support(
            Level.NATIVE,
            how="resources of the container, requests equal to limits",
            since="2.0",
            reference=f"{_DOCS}/fields/#resourcerequirements",
        ),
        Feature.NODE_SELECTOR: Support(
            Level.NATIVE,
            how="nodeSelector of the template",
            since="2.0",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.TOLERATIONS: Support(
            Level.NATIVE,
            how="tolerations of the template",
            since="2.0",
            reference=f"{_DOCS}/fields/#toleration",
        ),
        Feature.NODE_AFFINITY: Support(
            Level.NATIVE,
            how="affinity of the template",
            since="2.3",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.SHARED_MEMORY: Support(
            Level.NATIVE,
            how="an emptyDir of memory in volumes of the template, at /dev/shm",
            since="2.0",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.RUNTIME_CLASS: Support(
            Level.LOWERED,
            how="podSpecPatch of the template, which has no field of its own for it",
            since="2.4",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.RESOURCE_CLAIM: Support(
            Level.LOWERED,
            how="podSpecPatch of the template, which has a field for it from 4.1.0 on, and a "
            "ResourceClaimTemplate beside it; Kubernetes 1.34 and later",
            since="3.7",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.REFERENCES: Support(
            Level.NATIVE,
            how="env of the container, with valueFrom",
            since="2.0",
            reference=f"{_DOCS}/fields/#envvar",
        ),
        Feature.VOLUMES: Support(
            Level.NATIVE,
            how="volumes of the template, and volumeMounts of the container",
            since="2.0",
            reference=f"{_DOCS}/walk-through/volumes/",
        ),
        Feature.HOST_PATHS: Support(
            Level.NATIVE,
            how="a hostPath in the volumes of the template",
            since="2.0",
            reference=f"{_DOCS}/fields/#hostpathvolumesource",
        ),
        Feature.SERVICE_ACCOUNT: Support(
            Level.NATIVE,
            how="serviceAccountName of the template; the account needs the rights that Argo's own "
            "containers use, to create and patch workflowtaskresults",
            since="2.3",
            reference=f"{_DOCS}/workflow-rbac/",
        ),
        Feature.METADATA: Support(
            Level.NATIVE,
            how="metadata of the template",
            since="2.0",
            reference=f"{_DOCS}/fields/#metadata",
        ),
        Feature.PRIORITY_CLASS: Support(
            Level.NATIVE,
            how="priorityClassName of the template",
            since="2.4",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.QUEUE: Support(
            Level.NATIVE,
            how="Kueue's label, or Volcano's annotation, on the pod, which stays pending until it "
            "is admitted; activeDeadlineSeconds counts from then",
            since="2.0",
            reference="https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/",
        ),
        Feature.HOSTS: Support(
            Level.LOWERED,
            how="a JobSet that the pod of the step creates and waits for",
            since="2.0",
            reference="https://jobset.sigs.k8s.io/docs/overview/",
        ),
        Feature.SCHEDULER: Support(
            Level.NATIVE,
            how="schedulerName of the template",
            since="2.3",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.POD: Support(
            Level.NATIVE,
            how="podSpecPatch of the template, which Argo merges into the pod last",
            since="2.4",
            reference=f"{_DOCS}/fields/#template",
        ),
        Feature.SCHEDULE: Support(
            Level.NATIVE,
            how="a CronWorkflow with a list of schedules",
            since="3.6",
            reference=f"{_DOCS}/cron-workflows/",
        ),
        Feature.TIMEZONE: Support(
            Level.NATIVE,
            how="timezone of the CronWorkflow",
            since="2.5",
            reference=f"{_DOCS}/cron-workflows/#cronworkflow-options",
        ),
        Feature.CATCHUP: Support(
            Level.REFUSED,
            how="a CronWorkflow starts at most the last of the runs that it missed",
            reference=f"{_DOCS}/cron-workflows/#crash-recovery",
            hint="set catchup = false in the schedule, or leave argo out with --target",
        ),
        Feature.OVERLAP_REPLACE: Support(
            Level.NATIVE,
            how="concurrencyPolicy: Replace",
            since="2.5",
            reference=f"{_DOCS}/cron-workflows/#cronworkflow-options",
        ),
    },
)
