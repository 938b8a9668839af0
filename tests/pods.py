"""The pods that the engines would make of a manifest's steps, and what Kubernetes says of them.

What an engine does is read from its source: Argo copies a template's fields and applies its patch
(`workflow/controller/workflowpod.go`), the driver of Kubeflow maps the platform's fields
(`backend/src/v2/driver/k8s.go`), Airflow's operator builds the pod from its arguments
(`providers/cncf/kubernetes/operators/pod.py`, checked against the operator itself where it is
installed).
"""

import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import jsonschema
import yaml

from headrace.compiler import ir
from headrace.compiler.passes.rewriting import with_steps
from headrace.compiler.registry import MANIFEST_TARGETS, load_target
from headrace.runtime.command_line import JOBSET_VARIABLE
from headrace.targets.several_hosts import launcher

Pod = dict[str, Any]

_SCHEMA = Path(__file__).parent / "data" / "kubernetes" / "podspec-1.35.json.gz"
_PLACEMENT = (
    *("nodeSelector", "affinity", "tolerations", "runtimeClassName", "schedulerName"),
    "resourceClaims",
)
_OWN = ("HEADRACE_CODE", "HEADRACE_MODULES", "HEADRACE_STORE", "HEADRACE_IMPORT")


def pods(pipeline: ir.Pipeline, target: str) -> dict[str, Pod]:
    """Return the placement of each step's pod as `target` gives it, by the step's id.

    Of a step on several hosts it is that of each host.
    """
    body = with_steps(pipeline.body, lambda node: launcher(node, pipeline))
    text = load_target(target).emit(pipeline.replace(body=body))[0].text
    return {"argo": _argo, "kubeflow": _kubeflow, "airflow": _airflow}[target](text)


def pods_of_all(pipeline: ir.Pipeline) -> dict[str, dict[str, Pod]]:
    """Return the pods of each target."""
    return {target: pods(pipeline, target) for target in MANIFEST_TARGETS}


def problems(pod: Pod) -> list[str]:
    """Return what Kubernetes' own schema has against `pod`."""
    return [f"{e.json_path}: {e.message}" for e in _validator().iter_errors(pod)]


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(gzip.decompress(_SCHEMA.read_bytes())))


def placement(spec: Mapping[str, Any], container: Mapping[str, Any]) -> Pod:
    """Return what of a pod says where it runs, with what the API server fills in.

    Of one that starts several hosts it is that of their pods.
    """
    for variable in container.get("env") or []:
        if variable["name"] == JOBSET_VARIABLE:
            jobset = json.loads(variable["value"].replace("$$", "$"))
            job = jobset["spec"]["replicatedJobs"][0]["template"]["spec"]
            hosts = job["template"]["spec"]
            return placement(hosts, hosts["containers"][0])
    pod = {key: spec[key] for key in _PLACEMENT if spec.get(key)}
    resources = container.get("resources") or {}
    limits = dict(resources.get("limits") or {})
    requests = {**limits, **(resources.get("requests") or {})}  # a request defaults to the limit
    main: dict[str, Any] = {"name": "main", "image": container["image"]}
    if limits:
        main["resources"] = {"limits": limits, "requests": requests}
    if claims := resources.get("claims"):
        main["resources"] = {**main.get("resources", {}), "claims": claims}
    variables = [v for v in container.get("env") or [] if v["name"] not in _OWN]
    if variables:
        main["env"] = variables
    mounts = [m for m in container.get("volumeMounts") or [] if m["name"] == "dshm"]
    if mounts:
        main["volumeMounts"] = mounts
        pod["volumes"] = [v for v in spec["volumes"] if v["name"] == "dshm"]
    return pod | {"containers": [main]}


def _argo(text: str) -> dict[str, Pod]:
    found = {}
    for template in yaml.safe_load(text)["spec"]["templates"]:
        if "container" in template:
            patch = yaml.safe_load(template.get("podSpecPatch", "{}"))
            (own,) = patch.pop("containers", [{}])
            container = template["container"]
            resources = {**container.get("resources", {}), **own.get("resources", {})}
            step = next(a for a in container["args"] if a.startswith("--step="))
            found[step.removeprefix("--step=")] = placement(
                template | patch, container | {"resources": resources}
            )
    return found


def _kubeflow(text: str) -> dict[str, Pod]:
    spec, platform = yaml.safe_load_all(text)
    configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return {
        name.removeprefix("exec-"): _kubeflow_pod(executor["container"], configs[name])
        for name, executor in spec["deploymentSpec"]["executors"].items()
    }


def _kubeflow_pod(container: Mapping[str, Any], config: Mapping[str, Any]) -> Pod:
    given = container.get("resources", {})
    limits: dict[str, str] = {}
    requests: dict[str, str] = {}
    for name in ("Cpu", "Memory"):
        if f"resource{name}Limit" in given:
            limits[name.lower()] = given[f"resource{name}Limit"]
            requests[name.lower()] = given[f"resource{name}Request"]
    if "accelerator" in given:
        limits[given["accelerator"]["resourceType"]] = given["accelerator"]["resourceCount"]
    terms = [{"matchExpressions": t["matchExpressions"]} for t in config.get("nodeAffinity", ())]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    mounts = config.get("emptyDirMounts", ())
    spec = {
        "nodeSelector": config.get("nodeSelector", {}).get("labels"),
        "affinity": {"nodeAffinity": required} if terms else None,
        "tolerations": config.get("tolerations"),
        "volumes": [
            {
                "name": m["volumeName"],
                "emptyDir": {"medium": m["medium"], "sizeLimit": m["sizeLimit"]},
            }
            for m in mounts
        ],
    }
    own = {
        **container,
        "resources": {"limits": limits, "requests": requests},
        "volumeMounts": [{"name": m["volumeName"], "mountPath": m["mountPath"]} for m in mounts],
    }
    return placement(spec, own)


def _airflow(text: str) -> dict[str, Pod]:
    from kubernetes.client import ApiClient
    from kubernetes.client import models as k8s

    found = {}
    for given in _operators(text):
        container = k8s.V1Container(
            name="base",
            image=given["image"],
            resources=given.get("container_resources"),
            volume_mounts=given.get("volume_mounts"),
            env=[k8s.V1EnvVar(name=n, value=v) for n, v in given["env_vars"].items()],
        )
        spec = k8s.V1PodSpec(
            containers=[container],
            node_selector=given.get("node_selector"),
            affinity=given.get("affinity"),
            tolerations=given.get("tolerations"),
            volumes=given.get("volumes"),
            runtime_class_name=_runtime_class(given.get("full_pod_spec")),
            scheduler_name=given.get("schedulername"),
        )
        written = ApiClient().sanitize_for_serialization(spec)
        rest = given.get("pod_template_dict", {"spec": {"containers": [{}]}})["spec"]
        (base,) = rest.pop("containers")
        written |= rest
        written["containers"] = [base | written["containers"][0]]
        found[given["task_id"]] = placement(written, written["containers"][0])
    return found


def _runtime_class(full_pod_spec: Any) -> str | None:
    """Return what the operator keeps of a whole pod that it is given, as its arguments go first."""
    if full_pod_spec is None:
        return None
    assert full_pod_spec.spec.containers == []
    name: str = full_pod_spec.spec.runtime_class_name
    return name


def _operators(text: str) -> list[dict[str, Any]]:
    """Return the arguments of each operator in the DAG file `text`, defaults among them."""
    made: list[dict[str, Any]] = []
    defaults: dict[str, Any] = {}

    def dag(**given: Any) -> MagicMock:
        defaults.update(given["default_args"])
        return MagicMock()

    def operator(**given: Any) -> MagicMock:
        made.append({**defaults, **given})
        return MagicMock()

    def task_group(**_: Any) -> Callable[[Callable[[Any], Any]], MagicMock]:
        def group(body: Callable[[Any], Any]) -> MagicMock:
            body(MagicMock())  # whose tasks are made once, whatever is mapped over
            return MagicMock()

        return group

    policy = type("RetryPolicy", (), {})
    sdk = MagicMock(DAG=dag, task_group=task_group, RetryPolicy=policy, task=_task)
    known = {
        "airflow.sdk": sdk,
        "airflow.sdk.exceptions": MagicMock(),
        _OPERATOR: MagicMock(KubernetesPodOperator=operator),
    }
    with _modules(known):
        exec(compile(text, "dag.py", "exec"), {"__name__": "dag", "__doc__": ""})
    return made


def _task(**_: Any) -> Callable[[Any], MagicMock]:
    return lambda function: MagicMock()


_OPERATOR = "airflow.providers.cncf.kubernetes.operators.pod"


@contextmanager
def _modules(given: Mapping[str, Any]) -> Iterator[None]:
    """Let imports of `given`, and of the packages that they are in, find these."""
    packages = {
        ".".join(parts[:n]): ModuleType(".".join(parts[:n]))
        for parts in (name.split(".") for name in given)
        for n in range(1, len(parts))
    }
    before = {name: sys.modules.get(name) for name in (*packages, *given)}
    sys.modules.update({**packages, **given})
    try:
        yield
    finally:
        # Others that were imported meanwhile stay: their classes must not be made twice.
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
