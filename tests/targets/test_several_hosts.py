"""A step on several hosts: one JobSet on every target, in a pod that asks for nothing of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import pods as manifest_pods
from headrace.compiler import driver
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.targets.accelerators import place
from headrace.targets.several_hosts import readable

MODULE = """\
def load() -> int:
    return 7


def train(rows: int) -> float:
    return rows / 2


def pipeline():
    return train(load())
"""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hosts.md"


def compiled(folder: Path, toml: str, *settings: str, profile: str | None = None) -> Any:
    (folder / "headrace.toml").write_text(f'image = "ghcr.io/acme/digits:1"\n{toml}')
    (folder / "flow.py").write_text(MODULE)
    return driver.compile_source(folder / "flow.py", settings=settings, profile=profile)


def emitted(
    folder: Path,
    toml: str,
    *settings: str,
    profile: str | None = None,
    targets: tuple[str, ...] = MANIFEST_TARGETS,
) -> dict[str, str]:
    """Return the manifest of each target."""
    compilation = compiled(folder, toml, *settings, profile=profile)
    files = driver.emit(compilation, targets)
    assert [d.message for d in compilation.diagnostics] == []
    return {target: files[target][0].text for target in targets}


def environment(target: str, text: str) -> dict[str, str]:
    """Return the variables of the step `train`, as its container gets them."""
    if target == "argo":
        templates = {t["name"]: t for t in yaml.safe_load(text)["spec"]["templates"]}
        found = templates["train"]["container"]["env"]
    elif target == "kubeflow":
        spec = next(yaml.safe_load_all(text))
        found = spec["deploymentSpec"]["executors"]["exec-train"]["container"]["env"]
    else:
        operators = {o["task_id"]: o for o in manifest_pods._operators(text)}
        found = [{"name": n, "value": v} for n, v in operators["train"]["env_vars"].items()]
    values = {v["name"]: v["value"] for v in found if "value" in v}
    return {name: value.replace("$$", "$") for name, value in values.items()}


def jobset(texts: dict[str, str]) -> dict[str, Any]:
    """Return the JobSet that all targets have."""
    found = {t: json.loads(environment(t, text)["HEADRACE_JOBSET"]) for t, text in texts.items()}
    assert found["argo"] == found["kubeflow"] == found["airflow"]
    made: dict[str, Any] = found["argo"]
    return made


def job(made: dict[str, Any]) -> dict[str, Any]:
    (replicated,) = made["spec"]["replicatedJobs"]
    found: dict[str, Any] = replicated["template"]["spec"]
    return found


GPUS = """
platform = "gke"
store = "/mnt/store"
[steps.train]
accelerator = "h100:8"
hosts = 4
memory = "64Gi"
timeout = "2h"
retries = 1
zones = ["us-central1-a"]
env = { PRICE = "$5 $(HOME)", RANK = "mine" }
secrets = { TOKEN = "hf/token" }
volumes = { "/data" = { pvc = "datasets" } }
labels = { team = "vision" }
pod = { imagePullSecrets = [{ name = "registry" }], terminationGracePeriodSeconds = 90 }
"""


def test_the_hosts_are_the_pods_that_one_host_would_be(tmp_path: Path) -> None:
    several = jobset(emitted(tmp_path, GPUS))
    assert job(several) | {"template": None} == {
        "parallelism": 4,
        "completions": 4,
        "completionMode": "Indexed",
        "backoffLimit": 0,
        "activeDeadlineSeconds": 7200,
        "template": None,
    }
    pod = job(several)["template"]
    assert manifest_pods.problems(pod["spec"]) == []
    assert pod["metadata"] == {"labels": {"team": "vision"}}

    # Kubeflow's platform spec has no place for the grace period, which a JobSet has.
    one = yaml.safe_load(emitted(tmp_path, GPUS, "steps.train.hosts=1", targets=("argo",))["argo"])
    template = next(t for t in one["spec"]["templates"] if t["name"] == "train")
    for key in ("nodeSelector", "affinity", "tolerations"):
        assert pod["spec"].get(key) == template.get(key)
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == template["container"]["resources"]
    assert container["volumeMounts"] == template["container"]["volumeMounts"]
    assert pod["spec"]["volumes"] == template["volumes"]
    assert pod["spec"]["terminationGracePeriodSeconds"] == 90
    own = {v["name"]: v for v in template["container"]["env"]}
    there = {v["name"]: v for v in container["env"]}
    told_by_engine = {"HEADRACE_CODE", "HEADRACE_MODULES", "HEADRACE_STORE"}
    assert {name: there[name] for name in own.keys() - told_by_engine} == {
        name: own[name] for name in own.keys() - told_by_engine
    }
    assert there["WORLD_SIZE"]["value"] == "4"


def test_what_starts_them_asks_for_nothing_but_what_it_needs_itself(tmp_path: Path) -> None:
    texts = emitted(tmp_path, GPUS)
    spec = next(yaml.safe_load_all(texts["kubeflow"]))
    asked = spec["deploymentSpec"]["executors"]["exec-train"]["container"]
    assert "resources" not in asked
    operator = {o["task_id"]: o for o in manifest_pods._operators(texts["airflow"])}["train"]
    assert not {"container_resources", "node_selector", "affinity", "tolerations"} & operator.keys()
    template = next(
        t for t in yaml.safe_load(texts["argo"])["spec"]["templates"] if t["name"] == "train"
    )
    assert "resources" not in template["container"]
    assert not {"nodeSelector", "affinity", "tolerations"} & template.keys()
    assert template["retryStrategy"]["limit"] == "1"
    assert "activeDeadlineSeconds" not in template
    assert template["volumes"] == [
        {"name": "pvc-datasets", "persistentVolumeClaim": {"claimName": "datasets"}}
    ]
    assert yaml.safe_load(template["podSpecPatch"]) == {"imagePullSecrets": [{"name": "registry"}]}
    assert environment("argo", texts["argo"])["PRICE"] == "$5 $(HOME)"


def test_all_hosts_wait_in_the_queue_together(tmp_path: Path) -> None:
    made = jobset(emitted(tmp_path, '[steps.train]\nhosts = 2\nqueue = "team"'))
    label = {"kueue.x-k8s.io/queue-name": "team"}
    assert made["metadata"] == {"generateName": "train-", "labels": label}
    assert "metadata" not in job(made)["template"]


def test_a_slice_has_the_hosts_of_its_topology(tmp_path: Path) -> None:
    made = jobset(emitted(tmp_path, 'platform = "gke"\nsteps.train.accelerator = "tpu-v5e:4x4"'))
    assert job(made)["completions"] == 4
    exclusive = "alpha.jobset.sigs.k8s.io/exclusive-topology"
    assert made["metadata"]["annotations"] == {exclusive: "cloud.google.com/gke-nodepool"}
    (container,) = job(made)["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"google.com/tpu": "4"}


def test_code_that_travels_is_mounted_on_each_host(tmp_path: Path) -> None:
    spec = job(jobset(emitted(tmp_path, 'code = "inline"\nsteps.train.hosts = 2')))
    pod = spec["template"]["spec"]
    assert [v["configMap"]["name"].rpartition("-")[0] for v in pod["volumes"]] == [
        "headrace-step",
        "flow-code",
    ]
    assert pod["containers"][0]["command"] == ["python3", "/headrace/step/headrace-step"]


def test_texts_that_engines_read_are_escaped(tmp_path: Path) -> None:
    annotations = '{ note = "{{workflow.name}} {% x %} $$ $(A)" }'
    toml = f"[steps.train]\nhosts = 2\npod = {{ hostAliases = [] }}\nannotations = {annotations}"
    compilation = compiled(tmp_path, toml)
    driver.emit(compilation, ["airflow"])
    assert [d.message for d in compilation.diagnostics] == []


def test_a_policy_judges_the_hosts(tmp_path: Path) -> None:
    toml = '[policy]\nlimits = ["memory"]\n[steps.train]\nhosts = 2\n[defaults]\ncpu = "1"'
    compilation = compiled(tmp_path, toml)
    assert driver.emit(compilation, MANIFEST_TARGETS) == {}
    assert {d.code for d in compilation.diagnostics} == {"HR440"}


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            'accelerator = "tpu-v5e:4x4"\nhosts = 2',
            "step `train`: accelerator 'tpu-v5e:4x4' has 4 hosts, and `hosts` is 2",
        ),
        (
            'accelerator = "tpu-v5e:2x4"\nhosts = 2',
            "step `train`: accelerator 'tpu-v5e:2x4' has one host, and `hosts` is 2",
        ),
    ],
)
def test_a_slice_has_no_other_number_of_hosts(toml: str, message: str, tmp_path: Path) -> None:
    compilation = compiled(tmp_path, f'platform = "gke"\n[steps.train]\n{toml}')
    assert driver.emit(compilation, MANIFEST_TARGETS) == {}
    [found] = compilation.diagnostics
    assert (found.code, found.message) == ("HR432", message)
    assert found.span is not None
    assert found.span.line == 5


def test_a_target_never_sees_a_step_on_several_hosts() -> None:
    with pytest.raises(InternalError, match="2 hosts"):
        place(StepSettings(image="i:1", hosts=2), PipelineSettings())


def test_the_json_is_cut_where_there_is_no_room() -> None:
    value = {"a": [{"name": "x" * 40, "value": "y" * 40}, {"b": 1}], "c": {}, "d": []}
    text = readable(value)
    assert json.loads(text) == value
    assert text.splitlines()[2:6] == [
        "    {",
        f'      "name": "{"x" * 40}",',
        f'      "value": "{"y" * 40}"',
        "    },",
    ]
    assert '    {"b": 1}' in text.splitlines()


@pytest.mark.parametrize("profile", [None, "tpu"])
def test_the_pages_example_compiles(profile: str | None, tmp_path: Path) -> None:
    toml = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
    made = jobset(emitted(tmp_path, toml, profile=profile))
    assert job(made)["completions"] == 4


def test_each_host_claims_its_devices(tmp_path: Path) -> None:
    toml = (
        'platform = "gke"\n[steps.train]\naccelerator = "h100:8"\nhosts = 2\nresource_claim = true'
    )
    compilation = compiled(tmp_path, toml)
    files = driver.emit(compilation, MANIFEST_TARGETS)
    assert [d.message for d in compilation.diagnostics] == []
    for target in MANIFEST_TARGETS:
        [claims] = [f for f in files[target] if f.name.endswith(".resourceclaimtemplate.yaml")]
        name = yaml.safe_load(claims.text)["metadata"]["name"]
        made = json.loads(environment(target, files[target][0].text)["HEADRACE_JOBSET"])
        spec = job(made)["template"]["spec"]
        assert [c["resourceClaimTemplateName"] for c in spec["resourceClaims"]] == [name]
        assert spec["containers"][0]["resources"]["claims"] == [{"name": "accelerator"}]
