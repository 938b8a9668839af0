"""What Kubeflow Pipelines can express."""

from headrace.compiler.capabilities import Capabilities, Feature, Level, Support

_DOCS = "https://www.kubeflow.org/docs/components/pipelines/user-guides"
_SPEC = "https://github.com/kubeflow/pipelines/blob/master/api/v2alpha1/pipeline_spec.proto"
_PLATFORM = "https://kfp-kubernetes.readthedocs.io/en/latest/"
_RECURRING = f"{_DOCS}/core-functions/run-a-pipeline/"

CAPABILITIES = Capabilities(
    name="kubeflow",
    title="Kubeflow Pipelines",
    versions="2.x, IR schema 2.1.0",
    features={
        Feature.STEP: Support(
            Level.NATIVE,
            how="a container component and a task; caching is off",
            since="2.0",
            reference=f"{_DOCS}/components/container-components/",
        ),
        Feature.MAP: Support(
            Level.LOWERED,
            how="a DAG around one parameterIterator task; where results are gathered, the loop "
            "stands behind a condition and a step gives the empty list when there are no items",
            since="2.0",
            reference=f"{_DOCS}/core-functions/control-flow/#parallel-looping-parallelfor",
        ),
        Feature.NESTED_MAP: Support(
            Level.LOWERED,
            how="a loop in the body of a loop; a step at the end of the outer body packs the "
            "inner list, which the engine would join to the others",
            since="2.5",
            reference=f"{_DOCS}/core-functions/control-flow/#parallel-looping-parallelfor",
        ),
        Feature.GUARDED_NESTED_MAP: Support(
            Level.LOWERED,
            how="a loop in the DAG of the guard",
            since="2.5",
            reference=f"{_DOCS}/core-functions/control-flow/#parallel-looping-parallelfor",
        ),
        Feature.BRANCH: Support(
            Level.LOWERED,
            how="a DAG with a condition on each arm and valueFromOneof over containers; a step "
            "hands on the values of an arm of several steps",
            since="2.7",
            reference=f"{_DOCS}/core-functions/control-flow/#conditions-dslif-dslelif-dslelse",
        ),
        Feature.BRANCH_IN_MAP: Support(
            Level.LOWERED,
            how="the DAG of the branch in the body of the loop; a step at the end of the body "
            "hands on what is gathered",
            since="2.7",
            reference=f"{_DOCS}/core-functions/control-flow/",
        ),
        Feature.MAP_IN_BRANCH: Support(
            Level.LOWERED,
            how="the DAG of the map in the DAG of the arm",
            since="2.7",
            reference=f"{_DOCS}/core-functions/control-flow/",
        ),
        Feature.GUARD: Support(
            Level.LOWERED,
            how="a DAG of the body, the cleanup, which waits for the body's success or failure, "
            "and a last task that waits for the success of both and is never triggered",
            since="2.0",
            reference=f"{_DOCS}/core-functions/control-flow/",
        ),
        Feature.GUARD_IN_MAP: Support(
            Level.LOWERED,
            how="the DAG of the guard in the body of the loop",
            since="2.0",
            reference=f"{_DOCS}/core-functions/control-flow/",
        ),
        Feature.EFFECT_ORDER: Support(
            Level.NATIVE,
            how="dependentTasks",
            since="2.0",
            reference=_SPEC,
        ),
        Feature.RETRIES: Support(
            Level.NATIVE,
            how="retryPolicy of the task, for every exit code; the bound on all attempts together "
            "is a year; since 2.17 the backend's own manifests have Argo repeat every pod that is "
            "lost, twice, and none that failed",
            since="2.0",
            reference=_SPEC,
        ),
        Feature.RETRY_BACKOFF: Support(
            Level.REFUSED,
            how="the wait between attempts has no bound of its own",
            reference=_SPEC,
            hint="set retries.factor = 1, or leave kubeflow out with --target",
        ),
        Feature.TIMEOUT: Support(
            Level.NATIVE,
            how="activeDeadlineSeconds of the pod, for each attempt",
            since="2.3",
            reference=_PLATFORM,
        ),
        Feature.RESOURCES: Support(
            Level.NATIVE,
            how="resources of the container, requests equal to limits; besides cpu and memory "
            "one other resource, as the accelerator",
            since="2.4",
            reference=_SPEC,
        ),
        Feature.NODE_SELECTOR: Support(
            Level.NATIVE,
            how="nodeSelector in the Kubernetes platform spec",
            since="2.0",
            reference=_PLATFORM,
        ),
        Feature.TOLERATIONS: Support(
            Level.NATIVE,
            how="tolerations in the Kubernetes platform spec",
            since="2.1",
            reference=_PLATFORM,
        ),
        Feature.NODE_AFFINITY: Support(
            Level.NATIVE,
            how="nodeAffinity in the Kubernetes platform spec: one entry for each term",
            since="2.14",
            reference=_PLATFORM,
        ),
        Feature.SHARED_MEMORY: Support(
            Level.NATIVE,
            how="emptyDirMounts in the Kubernetes platform spec, at /dev/shm",
            since="2.3",
            reference=_PLATFORM,
        ),
        Feature.RUNTIME_CLASS: Support(
            Level.REFUSED,
            how="the Kubernetes platform spec has no place for it",
            reference=_PLATFORM,
            hint="make it the default of those nodes, or leave kubeflow out with --target",
        ),
        Feature.RESOURCE_CLAIM: Support(
            Level.REFUSED,
            how="the Kubernetes platform spec has no place for it",
            reference=_PLATFORM,
            hint="leave `resource_claim` out, or leave kubeflow out with --target",
        ),
        Feature.REFERENCES: Support(
            Level.NATIVE,
            how="secretAsEnv and configMapAsEnv in the Kubernetes platform spec",
            since="2.1",
            reference=_PLATFORM,
        ),
        Feature.VOLUMES: Support(
            Level.NATIVE,
            how="pvcMount, secretAsVolume, configMapAsVolume and emptyDirMounts in the Kubernetes "
            "platform spec; each source once, no sub_path but that of a claim, no read_only",
            since="2.4",
            reference=_PLATFORM,
        ),
        Feature.HOST_PATHS: Support(
            Level.REFUSED,
            how="its platform spec has no such volume",
            reference=_PLATFORM,
            hint="mount a pvc, or leave kubeflow out with --target",
        ),
        Feature.SERVICE_ACCOUNT: Support(
            Level.REFUSED,
            how="all pods of a run have one account, which the run names",
            reference=_PLATFORM,
            hint="name it when you start the run, or leave kubeflow out with --target",
        ),
        Feature.METADATA: Support(
            Level.NATIVE,
            how="podMetadata in the Kubernetes platform spec",
            since="2.1",
            reference=_PLATFORM,
        ),
        Feature.PRIORITY_CLASS: Support(
            Level.REFUSED,
            how="its platform spec has no place for it",
            reference=_PLATFORM,
        ),
        Feature.QUEUE: Support(
            Level.NATIVE,
            how="Kueue's label on the pod of the step, which stays pending until it is admitted; "
            "the drivers' pods are in no queue; activeDeadlineSeconds counts from then",
            since="2.1",
            reference="https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/",
        ),
        Feature.HOSTS: Support(
            Level.LOWERED,
            how="a JobSet that the pod of the step creates and waits for",
            since="2.1",
            reference="https://jobset.sigs.k8s.io/docs/overview/",
        ),
        Feature.SCHEDULER: Support(
            Level.REFUSED,
            how="its platform spec has no place for it",
            reference=_PLATFORM,
        ),
        Feature.POD: Support(
            Level.LOWERED,
            how="what its platform spec has a place for: imagePullPolicy and imagePullSecrets, "
            "requests below limits, variables from fields of the pod, and the volumes above",
            since="2.4",
            reference=_PLATFORM,
        ),
        Feature.SCHEDULE: Support(
            Level.NATIVE,
            how="a file with the arguments of create_recurring_run; the IR has no place for it",
            since="2.0",
            reference=_RECURRING,
        ),
        Feature.TIMEZONE: Support(
            Level.REFUSED,
            how="the zone of all schedules is a setting of the cluster",
            reference=_RECURRING,
            hint="give the schedule in UTC, or leave kubeflow out with --target",
        ),
        Feature.CATCHUP: Support(
            Level.NATIVE,
            how="no_catchup of the recurring run",
            since="2.0",
            reference=_RECURRING,
        ),
        Feature.OVERLAP_REPLACE: Support(
            Level.REFUSED,
            how="a recurring run never ends an earlier run",
            reference=_RECURRING,
            hint='set overlap = "forbid" in the schedule, or leave kubeflow out with --target',
        ),
    },
)
