"""The pod of a step is the same on every target, or it is refused.

What it should be is said by `headrace.compiler.pods`, whose merge `kubectl` judges. What an engine
makes of a manifest: Argo merges podSpecPatch into what the template says; the driver of Kubeflow is
modelled on its source (backend/src/v2/driver/k8s.go); Airflow's operator is asked itself.
"""

import ast
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.compiler import capabilities, ir, pods
from headrace.compiler.registry import load_target
from headrace.compiler.settings import EmptyDir, PipelineSettings, StepSettings, Volume
from headrace.targets.accelerators import place
from ir_nodes import call, out, pipeline

IMAGE = "ghcr.io/acme/digits:1"


def settings(**given: Any) -> StepSettings:
    return StepSettings(image=IMAGE, **given)


CASES = {
    "nothing": settings(),
    "variables": settings(
        env={"PRICE": "$5 $(HOME)"},
        secrets={"TOKEN": "hf/token", "KEY": "hf/key"},
        config_maps={"LEVEL": "app/log.level"},
    ),
    "volumes": settings(
        volumes={
            "/data": Volume(pvc="datasets", sub_path="mnist/1"),
            "/models": Volume(pvc="models"),
            "/etc/app": Volume(config_map="app"),
            "/etc/tls": Volume(secret="tls"),
            "/scratch": Volume(empty_dir=EmptyDir(size_limit="10Gi")),
            "/dev/shm": Volume(empty_dir=EmptyDir(medium="Memory", size_limit="2Gi")),
            "/hugepages": Volume(empty_dir=EmptyDir(medium="HugePages-2Mi")),
            "/plain": Volume(empty_dir=EmptyDir()),
        },
    ),
    "metadata": settings(
        labels={"team": "vision", "example.com/x": ""},
        annotations={"example.com/owner": 'a "b" ä'},
        queue="team-queue",
    ),
    "requests": settings(
        cpu="2",
        memory="4Gi",
        resources={"nvidia.com/gpu": "1"},
        pod={"containers": [{"name": "main", "resources": {"requests": {"cpu": "500m"}}}]},
    ),
    "image": settings(
        pod={
            "imagePullSecrets": [{"name": "registry"}, {"name": "mirror"}],
            "containers": [
                {
                    "name": "main",
                    "imagePullPolicy": "Always",
                    "env": [
                        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
                    ],
                }
            ],
        }
    ),
    "volumes of pod": settings(
        volumes={"/a": Volume(pvc="a")},
        pod={
            "containers": [
                {
                    "name": "main",
                    "volumeMounts": [
                        {"name": "more", "mountPath": "/b"},
                        {"name": "pvc-a", "mountPath": "/a", "subPath": "deeper"},
                    ],
                }
            ],
            "volumes": [{"name": "more", "persistentVolumeClaim": {"claimName": "b"}}],
        },
    ),
}
"""What all targets carry."""

FURTHER = {
    "account": settings(service_account="trainer", priority_class="nightly", scheduler="volcano"),
    "volcano": settings(queue="team", scheduler="volcano", labels={"a": "b"}),
    "host": settings(volumes={"/fast": Volume(host_path="/mnt/disks"), "/d": Volume(pvc="d")}),
    "read-only": settings(
        volumes={
            "/data": Volume(pvc="d", read_only=True),
            "/data/sub": Volume(pvc="d", sub_path="x"),
            "/etc/app": Volume(config_map="app.files", sub_path="one.toml"),
        }
    ),
    "pod": settings(
        labels={"a": "b"},
        volumes={"/a": Volume(pvc="a")},
        pod={
            "hostNetwork": True,
            "enableServiceLinks": False,
            "hostname": "one",
            "terminationGracePeriodSeconds": 5,
            "securityContext": {"fsGroup": 100},
            "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
            "initContainers": [
                {
                    "name": "proxy",
                    "image": "proxy:1",
                    "restartPolicy": "Always",
                    "volumeMounts": [{"name": "pvc-a", "mountPath": "/a"}],
                }
            ],
            "containers": [
                {
                    "name": "main",
                    "securityContext": {"runAsUser": 1000, "capabilities": {"add": ["IPC_LOCK"]}},
                    "ports": [{"containerPort": 29500}],
                }
            ],
        },
    ),
}
"""What Kubeflow refuses."""

ALL = CASES | FURTHER


def compiled(case: StepSettings) -> ir.Pipeline:
    return pipeline(call("train", settings=case), result=out("train"))


def expected(case: StepSettings) -> dict[str, Any]:
    return normal(pods.pod(case, place(case, PipelineSettings()).resources))


def normal(pod: dict[str, Any]) -> dict[str, Any]:
    """Return `pod` without what is empty, what is the engine's, and the order of its lists."""
    pod = json.loads(json.dumps(pod))
    metadata, spec = pod.get("metadata", {}), pod["spec"]
    own = ("headrace.dev/source", "airflow_version")
    kept = {
        name: {k: v for k, v in (metadata.get(name) or {}).items() if k not in own}
        for name in ("labels", "annotations")
    }
    container = next(c for c in spec["containers"] if c["name"] == pods.MAIN)
    for name in ("command", "args"):
        container.pop(name, None)
    container["env"] = [v for v in container["env"] if not v["name"].startswith("HEADRACE_")]
    for element in (container, spec):
        for name, value in [*element.items()]:
            key = pods.MERGE_KEYS.get(name)
            if key and isinstance(value, list):
                element[name] = sorted(value, key=lambda each: str(each[key]))
            if value in ({}, []):
                del element[name]
    return {"metadata": kept, "spec": spec}


# --- Argo ----------------------------------------------------------------------------------------


def argo_pod(case: StepSettings, merge: Any = pods.merged) -> dict[str, Any]:
    """Return what Argo makes of the template: the fields of the pod, and its patch over them."""
    (file,) = load_target("argo").emit(compiled(case))
    templates = yaml.safe_load(file.text)["spec"]["templates"]
    template = next(t for t in templates if "container" in t)
    container = {"name": pods.MAIN, **template["container"]}
    names = ("volumes", "serviceAccountName", "priorityClassName", "schedulerName")
    spec = {name: template[name] for name in names if name in template}
    patch = yaml.safe_load(template.get("podSpecPatch", "{}"))
    merged = merge({**spec, "containers": [container]}, patch)
    return normal({"metadata": template["metadata"], "spec": merged})


@pytest.mark.parametrize("name", ALL)
def test_argo_makes_the_pod(name: str) -> None:
    assert argo_pod(ALL[name]) == expected(ALL[name])


def _kubectl_patch(spec: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    kind = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    command = ["kubectl", "patch", "--local", "-f", "-", "--type=strategic", "-o", "json"]
    done = subprocess.run(
        [*command, "-p", json.dumps({"spec": patch})],
        input=json.dumps({**kind, "spec": spec}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    patched: dict[str, Any] = json.loads(done.stdout)["spec"]
    for container in patched["containers"]:
        container.setdefault("resources", {})
    return patched


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("name", [name for name, case in ALL.items() if case.pod])
def test_kubectl_merges_alike(name: str) -> None:
    def merge(spec: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
        return pods.merged(_kubectl_patch(spec, {}), patch)

    assert argo_pod(ALL[name], _kubectl_patch) == argo_pod(ALL[name], merge)


# --- Kubeflow ------------------------------------------------------------------------------------


def kubeflow_pod(case: StepSettings) -> dict[str, Any]:
    """Return the pod that the driver of Kubeflow makes of the executor and its configuration."""
    (file,) = load_target("kubeflow").emit(compiled(case))
    spec, platform = yaml.safe_load_all(file.text)
    container = spec["deploymentSpec"]["executors"]["exec-train"]["container"]
    config = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-train"]
    made = {"name": pods.MAIN, "image": container["image"], "env": [*container["env"]]}
    asked = container.get("resources", {})
    for kind in ("Request", "Limit"):
        quantities = {
            name: asked[f"resource{name.title()}{kind}"]
            for name in ("cpu", "memory")
            if f"resource{name.title()}{kind}" in asked
        }
        if accelerator := asked.get("accelerator"):
            quantities[accelerator["resourceType"]] = accelerator["resourceCount"]
        if quantities:
            made.setdefault("resources", {})[f"{kind.lower()}s"] = quantities
    made["env"] += _kubeflow_variables(config)
    volumes = [*_kubeflow_volumes(config)]
    if volumes:
        made["volumeMounts"] = [mount for _, mount in volumes]
    if "imagePullPolicy" in config:
        made["imagePullPolicy"] = config["imagePullPolicy"]
    secrets = [{"name": _name(each, "secretName")} for each in config.get("imagePullSecret", ())]
    pod = {"containers": [made], "volumes": [v for v, _ in volumes], "imagePullSecrets": secrets}
    return normal({"metadata": config["podMetadata"], "spec": pod})


def _name(message: dict[str, Any], field: str) -> str:
    constant: str = message[f"{field}Parameter"]["runtimeValue"]["constant"]
    assert message[field] == constant
    return constant


def _kubeflow_variables(config: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for kind, field, key, ref in (
        ("secretAsEnv", "secretName", "secretKey", "secretKeyRef"),
        ("configMapAsEnv", "configMapName", "configMapKey", "configMapKeyRef"),
    ):
        for each in config.get(kind, ()):
            for entry in each["keyToEnv"]:
                source = {ref: {"name": _name(each, field), "key": entry[key]}}
                found.append({"name": entry["envVar"], "valueFrom": source})
    for each in config.get("fieldPathAsEnv", ()):
        source = {"fieldRef": {"fieldPath": each["fieldPath"]}}
        found.append({"name": each["name"], "valueFrom": source})
    return found


def _kubeflow_volumes(config: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each volume and its mount, by our names: the driver calls them by their sources."""
    found = []
    for each in config.get("pvcMount", ()):
        name = each["pvcNameParameter"]["runtimeValue"]["constant"]
        source = {"persistentVolumeClaim": {"claimName": name}}
        found.append(("pvc", name, source, each))
    for each in config.get("secretAsVolume", ()):
        name = _name(each, "secretName")
        found.append(("secret", name, {"secret": {"secretName": name}}, each))
    for each in config.get("configMapAsVolume", ()):
        name = _name(each, "configMapName")
        found.append(("config", name, {"configMap": {"name": name}}, each))
    for each in config.get("emptyDirMounts", ()):
        fields = {k: each[k] for k in ("medium", "sizeLimit") if k in each}
        found.append(("", each["volumeName"], {"emptyDir": fields}, each))
    names = [name for _, name, _, _ in found]
    assert len(names) == len(set(names)), "the driver calls volumes so"
    made = []
    for kind, name, source, each in found:
        own = f"{kind}-{name}" if kind else name
        below = {"subPath": each["subPath"]} if each.get("subPath") else {}
        mount = {"name": own, "mountPath": each["mountPath"], **below}
        made.append(({"name": own, **source}, mount))
    return made


@pytest.mark.parametrize("name", CASES)
def test_kubeflow_makes_the_pod(name: str) -> None:
    assert [*load_target("kubeflow").check(compiled(CASES[name]))] == []
    made, wanted = kubeflow_pod(CASES[name]), expected(CASES[name])
    if name == "volumes of pod":  # the driver alone decides what a volume is called
        made = json.loads(json.dumps(made).replace('"pvc-b"', '"more"'))
        made["spec"]["volumes"].sort(key=lambda volume: str(volume["name"]))
    assert made == wanted


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("account", {"service account", "priority class", "scheduler"}),
        ("volcano", {"scheduler"}),
        ("host", {"a folder of its host"}),
        (
            "read-only",
            {
                "`readOnly` of the volume at /data:",
                "`subPath` of the volume at /etc/app:",
                "2 volumes of `d`:",
                "the volume of `app.files`:",
            },
        ),
        (
            "pod",
            {
                "`pod.hostNetwork`",
                "`pod.enableServiceLinks`",
                "`pod.hostname`",
                "`pod.terminationGracePeriodSeconds`",
                "`pod.securityContext`",
                "`pod.dnsConfig`",
                "`pod.initContainers`",
                "`securityContext` of the container",
                "`ports` of the container",
            },
        ),
    ],
)
def test_kubeflow_refuses_what_it_cannot_carry(name: str, told: set[str]) -> None:
    target, found = load_target("kubeflow"), compiled(FURTHER[name])
    messages = [d.message for d in capabilities.check(found, target.capabilities)]
    messages += [d.message for d in target.check(found)]
    for text in told:
        assert [text in message for message in messages].count(True) == 1, (text, messages)
    assert len(messages) == len(told)


def test_kubeflow_has_place_for_one_device_and_few_kinds_of_variables() -> None:
    case = settings(
        pod={
            "volumes": [
                {"name": "a", "nfs": {"server": "s", "path": "/"}},
                {"name": "b", "emptyDir": {}},
            ],
            "containers": [
                {
                    "name": "main",
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
                    "volumeMounts": [{"name": "a", "mountPath": "/a"}],
                    "resources": {
                        "limits": {"a.b/c": "2", "d.e/f": "1"},
                        "requests": {"a.b/c": "1"},
                        "claims": [{"name": "x"}],
                    },
                }
            ],
        }
    )
    messages = [d.message for d in load_target("kubeflow").check(compiled(case))]
    for text in (
        *("the variable `A`", "the volume at /a", "the volume `b`: nothing mounts it"),
        *("a request of a.b/c", "`resources.claims`", "a.b/c and d.e/f"),
    ):
        assert [text in message for message in messages].count(True) == 1, text
    assert len(messages) == 6


# --- Airflow -------------------------------------------------------------------------------------


@pytest.mark.airflow
@pytest.mark.parametrize("name", ALL)
def test_the_operator_makes_the_pod(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = ALL[name]
    made = airflow_pod(case, tmp_path, monkeypatch)
    own = next(c for c in made["spec"]["containers"] if c["name"] == "base")
    own["name"] = pods.MAIN
    own.pop("terminationMessagePolicy")
    assert made["spec"].pop("restartPolicy") == "Never"
    if not made["spec"]["hostNetwork"]:
        del made["spec"]["hostNetwork"]
    assert normal(made) == expected(case)


def airflow_pod(
    case: StepSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Return the pod that the operator of the DAG file would start, without a cluster."""
    monkeypatch.setenv("AIRFLOW_HOME", str(folder))
    from jinja2 import Environment
    from kubernetes.client import ApiClient

    (file,) = load_target("airflow").emit(compiled(case))
    namespace: dict[str, Any] = {"__doc__": "", "__name__": "dag"}
    exec(compile(file.text, "dag.py", "exec"), namespace)
    task = namespace["train"]
    render = Environment(keep_trailing_newline=False).from_string
    task.annotations = {k: render(v).render() for k, v in task.annotations.items()}
    task.env_vars = {k: v for k, v in task.env_vars.items() if "{{" not in v}
    task.namespace, task.do_xcom_push = "default", False
    made: dict[str, Any] = ApiClient().sanitize_for_serialization(
        task.build_pod_request_obj(dry_run=True)
    )
    return made


@pytest.mark.airflow
def test_the_table_of_fields_is_that_of_the_client() -> None:
    import pod_fields

    assert pod_fields.FILE.read_text(encoding="utf-8") == pod_fields.text()


def test_a_queue_gives_its_step_time_on_airflow() -> None:
    queued = settings(queue="q", timeout=90)
    (file,) = load_target("airflow").emit(compiled(queued))
    assert "startup_timeout_seconds=604800," in file.text
    assert "active_deadline_seconds=90," in file.text
    assert "execution_timeout" not in file.text
    (file,) = load_target("airflow").emit(compiled(settings(timeout=90)))
    assert "execution_timeout=timedelta(seconds=90)" in file.text
    assert "active_deadline" not in file.text


# --- with a placement ----------------------------------------------------------------------------

PLACED = settings(
    accelerator="a100",
    memory="64Gi",
    env={"A": "b"},
    labels={"a": "b"},
    volumes={"/dev/shm": Volume(empty_dir=EmptyDir(medium="Memory", size_limit="8Gi"))},
    pod={
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "labelSelector": {"matchLabels": {"a": "b"}},
                        "topologyKey": "kubernetes.io/hostname",
                    }
                ]
            }
        }
    },
)


def test_settings_of_the_pod_join_those_of_the_accelerator() -> None:
    placed = pipeline(call("train", settings=PLACED), result=out("train"), platform="gke")
    texts = {t: load_target(t).emit(placed)[0].text for t in ("argo", "airflow")}
    for text in texts.values():
        assert text.count("/dev/shm") == 1, "the step's own volume is the only one"
        for told in ("podAntiAffinity", "nvidia-tesla-a100", "HEADRACE_DEVICE_NAME"):
            assert told in text
    (template,) = [
        t for t in yaml.safe_load(texts["argo"])["spec"]["templates"] if "container" in t
    ]
    merged = pods.merged(template["affinity"], PLACED.pod["affinity"])
    assert merged.keys() == {"nodeAffinity", "podAntiAffinity"}
    namespace = ast.literal_eval(
        texts["airflow"].partition("pod_template_dict=")[2].partition("\n        },")[0] + "\n}"
    )
    assert namespace["spec"]["affinity"] == merged
    assert "affinity=k8s" not in texts["airflow"]
    messages = [d.message for d in load_target("kubeflow").check(placed)]
    assert [m for m in messages if "`pod.affinity`" in m]


# --- what the shim is told -----------------------------------------------------------------------


@pytest.mark.parametrize("target", ["argo", "kubeflow", "airflow"])
def test_the_shim_is_told_which_devices_were_asked_for(target: str) -> None:
    def text(case: StepSettings) -> str:
        return load_target(target).emit(compiled(case))[0].text

    asked = text(settings(resources={"nvidia.com/gpu": "2", "rdma/ib": "1"}))
    assert "HEADRACE_DEVICES" in asked
    assert "nvidia.com/gpu:2" in asked
    assert "rdma/ib:1" not in asked
    assert "HEADRACE_DEVICES" not in text(settings(resources={"rdma/ib": "1"}, cpu="1"))
