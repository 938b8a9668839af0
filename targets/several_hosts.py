"""Steps on several hosts: what an engine runs is a pod that starts them as a JobSet, and waits.

No engine starts several pods as one step. The pod that it starts has the step's own command line
and, in a variable, the JobSet; `headrace.runtime.hosts` creates it, shows the log of its first host
and gives the engine what that host returned. A step is the same JobSet on every target.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from headrace.compiler import ir, pods
from headrace.compiler.pods import QUEUE_LABEL, Tree
from headrace.compiler.settings import StepSettings, Toleration
from headrace.runtime.command_line import JOBSET_VARIABLE
from headrace.targets.accelerators import Placement, place_on_hosts
from headrace.targets.asked_devices import device_variables
from headrace.targets.inline_code import code_mounts, command, config_map_names

API_VERSION, KIND = "jobset.x-k8s.io/v1alpha2", "JobSet"
"""https://jobset.sigs.k8s.io/docs/reference/jobset.v1alpha2/"""

REPLICATED_JOB = "hosts"
"""What the one job of the JobSet is called; the name of the first host comes of it."""

PORT = 29_500
"""Where the first host listens for the others: torch's own default."""

KEPT_SECONDS = 3600
"""How long the hosts' pods, and their logs, are there after their end."""

_TPU, _SLICE = "google.com/tpu", "cloud.google.com/gke-nodepool"
"""The hosts of a TPU slice are one node pool, which no other JobSet may share:
https://cloud.google.com/kubernetes-engine/docs/how-to/tpu-multislice"""

_LONGEST_NAME = 40
"""Characters of a step's name in the names of its hosts, which get `-xxxxx-hosts-0-9999` added and
may have 63."""

_WIDTH = 88
"""Characters of a line of the JobSet's JSON, where it can be cut."""

_OF_THE_IMAGE = ("imagePullSecrets", "securityContext")
"""Fields of the setting `pod` that a pod needs which only starts others."""

_OF_THE_CONTAINER = ("imagePullPolicy", "securityContext")

_NAME_VARIABLE = "HEADRACE_JOBSET_NAME"
_NAME_FIELD = "metadata.labels['jobset.sigs.k8s.io/jobset-name']"
_RANK_FIELD = "metadata.labels['batch.kubernetes.io/job-completion-index']"


def launcher(node: ir.Call | ir.Compute, pipeline: ir.Pipeline) -> ir.Call | ir.Compute:
    """Return the step that starts the hosts of `node`, a step of `pipeline`; itself if it has one.

    Raises:
        Unplaceable: the platform does not have what it asks for.
    """
    placement = place_on_hosts(node.settings, pipeline.settings)
    if placement.hosts == 1:
        return node
    # Two braces stand side by side in texts only, where engines would read them as their own.
    text = readable(jobset(node, placement, pipeline)).replace("{{", r"\u007b\u007b")
    return node.replace(settings=_launcher_settings(node.settings, text))


def readable(value: Any, indent: str = "", before: int = 0) -> str:
    """Return the JSON of `value`, with objects and lists on one line where there is room.

    `before` is how many characters stand before it on its line.
    """
    flat = json.dumps(value)
    if not value or not isinstance(value, dict | list) or before + len(flat) <= _WIDTH:
        return flat
    deeper = f"{indent}  "
    if isinstance(value, dict):
        inner = [(f"{deeper}{json.dumps(key)}: ", each) for key, each in value.items()]
    else:
        inner = [(deeper, each) for each in value]
    parts = (start + readable(each, deeper, len(start)) for start, each in inner)
    return f"{flat[0]}\n" + ",\n".join(parts) + f"\n{indent}{flat[-1]}"


def _launcher_settings(settings: StepSettings, text: str) -> StepSettings:
    """Return the settings of the pod that starts the hosts: it needs the code, and the store."""
    own = {key: value for key, value in settings.pod.items() if key in _OF_THE_IMAGE}
    for container in settings.pod.get("containers", ()):
        if container.get("name") == pods.MAIN:
            kept = {key: container[key] for key in _OF_THE_CONTAINER if key in container}
            own |= {"containers": [{"name": pods.MAIN, **kept}]} if kept else {}
    return StepSettings(
        image=settings.image,
        code=settings.code,
        env={**settings.env, JOBSET_VARIABLE: text},
        retries=settings.retries,
        secrets=settings.secrets,
        config_maps=settings.config_maps,
        volumes=settings.volumes,
        service_account=settings.service_account,
        labels=settings.labels,
        annotations=settings.annotations,
        of_hosts=settings,
        pod=own,
    )


def jobset(node: ir.Call | ir.Compute, placement: Placement, pipeline: ir.Pipeline) -> Tree:
    """Return the JobSet of `node`; the arguments of its container come from the pod that starts it.

    Its hosts are one Job: when one of them fails all are ended, and none is started again. Retries
    are the engine's.
    """
    settings = placement.applied(node.settings)
    pod = _pod(settings, placement, pipeline)
    metadata: Tree = {"generateName": f"{_stem(node.id)}-"}
    labels = pod["metadata"].get("labels", {})
    if QUEUE_LABEL in labels:  # Kueue admits the hosts together, and its label is not for each
        metadata["labels"] = {QUEUE_LABEL: labels.pop(QUEUE_LABEL)}
        pod["metadata"] = {key: value for key, value in pod["metadata"].items() if value}
    if _TPU in placement.resources:
        metadata["annotations"] = {"alpha.jobset.sigs.k8s.io/exclusive-topology": _SLICE}
    job: Tree = {
        "parallelism": placement.hosts,
        "completions": placement.hosts,
        "completionMode": "Indexed",
        "backoffLimit": 0,
        **({"activeDeadlineSeconds": settings.timeout} if settings.timeout is not None else {}),
        "template": {key: value for key, value in pod.items() if value},
    }
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": metadata,
        "spec": {
            "failurePolicy": {"maxRestarts": 0},
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "replicatedJobs": [
                {"name": REPLICATED_JOB, "replicas": 1, "template": {"spec": job}},
            ],
        },
    }


def _stem(step: str) -> str:
    return re.sub("[^a-z0-9]+", "-", step.lower()).strip("-")[:_LONGEST_NAME].strip("-") or "step"


def _pod(settings: StepSettings, placement: Placement, pipeline: ir.Pipeline) -> Tree:
    """Return the pod of one host: that of the step on one host, and how it finds the others."""
    made = pods.pod(settings.replace(pod={}), placement.resources, placement.affinity() or None)
    inline = settings.code == "inline"
    rest = pods.main_container(made)
    container = {
        "name": rest.pop("name"),
        "image": rest.pop("image"),
        "command": list(command(inline=inline)),
        "env": [*rest.pop("env"), *_rendezvous(settings, placement)],
    }
    code = code_mounts(inline=inline)
    mounts = [*code, *placement.shared_memory_mounts(), *rest.pop("volumeMounts", ())]
    container |= rest | ({"volumeMounts": mounts} if mounts else {})
    spec = made["spec"]
    placed = {
        "nodeSelector": placement.node_selector,
        "affinity": spec.pop("affinity", None),
        "tolerations": [_toleration(t) for t in placement.tolerations],
        "runtimeClassName": placement.runtime_class,
        "containers": [container],
        "volumes": [
            *(_code_volumes(pipeline) if inline else ()),
            *placement.shared_memory_volumes(),
            *spec.pop("volumes", ()),
        ],
    }
    del spec["containers"]
    spec = {"restartPolicy": "Never", **spec, **{k: v for k, v in placed.items() if v}}
    return {"metadata": made["metadata"], "spec": pods.merged(spec, settings.pod)}


def _rendezvous(settings: StepSettings, placement: Placement) -> Iterator[Tree]:
    """Yield the variables by which torch, torchrun and JAX find the other hosts.

    They are those that Kubeflow's Trainer sets, with one process a host; `env` may say otherwise.
    """
    own: dict[str, str | Tree] = {
        _NAME_VARIABLE: _field(_NAME_FIELD),
        "MASTER_ADDR": f"$({_NAME_VARIABLE})-{REPLICATED_JOB}-0-0.$({_NAME_VARIABLE})",
        "MASTER_PORT": str(PORT),
        "WORLD_SIZE": str(placement.hosts),
        "RANK": _field(_RANK_FIELD),
        "LOCAL_WORLD_SIZE": "1",
        "LOCAL_RANK": "0",
        "PET_NNODES": str(placement.hosts),
        "PET_NODE_RANK": "$(RANK)",
        "PET_MASTER_ADDR": "$(MASTER_ADDR)",
        "PET_MASTER_PORT": "$(MASTER_PORT)",
        "JAX_COORDINATOR_ADDRESS": "$(MASTER_ADDR):$(MASTER_PORT)",
        "JAX_NUM_PROCESSES": str(placement.hosts),
        "JAX_PROCESS_ID": "$(RANK)",
        **device_variables(settings, placement),
    }
    taken = {*settings.env, *settings.secrets, *settings.config_maps}
    for name, value in own.items():
        if name not in taken:
            yield {"name": name, **(value if isinstance(value, dict) else {"value": value})}


def _field(path: str) -> Tree:
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def _code_volumes(pipeline: ir.Pipeline) -> Iterator[Tree]:
    for volume, name in config_map_names(pipeline).items():
        yield {"name": volume, "configMap": {"name": name}}


def _toleration(toleration: Toleration) -> Tree:
    fields = msgspec.structs.asdict(toleration).items()
    names = {"toleration_seconds": "tolerationSeconds"}
    return {names.get(key, key): value for key, value in fields if value is not None}
