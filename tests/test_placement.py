"""One word moves a step: what the compiler says of names, and what changes in a manifest."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import example_runs
import pods
from golden_files import GoldenFiles
from headrace.compiler import driver
from headrace.compiler.diagnostics import Severity
from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.targets.accelerators import catalogue

MODULE = "def train() -> int:\n    return 1\n\n\ndef pipeline():\n    return train()\n"
TORCH = example_runs.FOLDER / "digits_torch.py"


def compiled(
    folder: Path, toml: str, *settings: str, profile: str | None = None
) -> driver.Compilation:
    (folder / "headrace.toml").write_text(f'image = "i:1"\n{toml}')
    (folder / "flow.py").write_text(MODULE)
    return driver.compile_source(folder / "flow.py", settings=settings, profile=profile)


def findings(compilation: driver.Compilation) -> list[tuple[str, str, int, str]]:
    return [
        (d.code, d.span.path if d.span else "", d.span.line if d.span else 0, d.severity.value)
        for d in compilation.diagnostics
    ]


# --- what the compiler says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "settings", "found"),
    [
        ("platform = 'gkee'", (), ("HR405", "headrace.toml", 2)),
        ("[profiles.p]\nplatform = 'gkee'", (), ("HR405", "headrace.toml", 3)),
        ("[defaults]\naccelerator = 'a1000'", (), ("HR405", "headrace.toml", 3)),
        ("[profiles.p.steps.train]\naccelerator = 'x1'", (), ("HR405", "headrace.toml", 3)),
        ("", ("steps.train.accelerator=a1000",), ("HR405", "--set", 1)),
    ],
)
def test_a_name_that_is_none_is_refused_by_every_command(
    toml: str, settings: tuple[str, ...], found: tuple[str, str, int], tmp_path: Path
) -> None:
    compilation = compiled(tmp_path, toml, *settings)
    assert compilation.pipeline is None or compilation.diagnostics.failed
    assert findings(compilation) == [(*found, "error")]


def test_a_wrong_name_gets_the_nearest_and_those_that_the_platform_has(tmp_path: Path) -> None:
    toml = "[steps.train]\naccelerator = 'a1000'"
    (finding,) = compiled(tmp_path, f"platform = 'doks'\n{toml}").diagnostics
    there = "b300, h100-80gb, h200, mi300x, mi325x, mi355x"
    assert finding.hint == f'did you mean "a100"? known here: {there}'
    (finding,) = compiled(tmp_path, toml).diagnostics
    assert finding.hint == 'did you mean "a100"? `headrace accelerators` lists them'


@pytest.mark.parametrize(
    ("toml", "settings", "found"),
    [
        ("[steps.train]\naccelerator = 'a100'", (), ("HR405", "headrace.toml", 3)),
        (
            "platform = 'gke'\n[steps.train]\naccelerator = 'a10g'",
            (),
            ("HR431", "headrace.toml", 4),
        ),
        ("platform = 'gke'\n[defaults]\naccelerator = 'l4:9'", (), ("HR431", "headrace.toml", 4)),
        ("platform = 'nvidia'\n[steps.train]\nspot = true", (), ("HR431", "headrace.toml", 4)),
        (
            "platform = 'gke'\n[steps.train]\nhosts = 2",
            ("steps.train.accelerator=tpu-v5e:4x4",),
            ("HR432", "headrace.toml", 4),
        ),
    ],
)
def test_what_a_platform_does_not_have_is_refused_when_manifests_are_made(
    toml: str, settings: tuple[str, ...], found: tuple[Any, ...], tmp_path: Path
) -> None:
    compilation = compiled(tmp_path, toml, *settings)
    assert findings(compilation) == []  # a local run needs no platform
    assert driver.emit(compilation, MANIFEST_TARGETS) == {}
    [finding] = findings(compilation)
    assert finding[: len(found)] == found
    assert finding[3] == "error"


def test_an_uncertain_fact_is_a_warning(tmp_path: Path) -> None:
    toml = "platform = 'doks'\n[steps.train]\naccelerator = 'h200'"
    compilation = compiled(tmp_path, toml)
    assert set(driver.emit(compilation, MANIFEST_TARGETS)) == set(MANIFEST_TARGETS)
    assert findings(compilation) == [("HR430", "headrace.toml", 4, "warning")]
    [warning] = compilation.diagnostics
    assert warning.severity is Severity.WARNING
    assert "h200 on doks" in warning.message


@pytest.mark.parametrize(
    ("toml", "needs"),
    [
        ("[steps.train]\nruntime_class = 'nvidia'", "runtime class"),
        ("platform = 'volcano'\n[steps.train]\naccelerator = 'vgpu'", "scheduler"),
        (
            "accelerators.ours = { resource = 'a/b', runtime_class = 'r' }\n"
            "[steps.train]\naccelerator = 'ours'",
            "runtime class",
        ),
    ],
)
def test_what_kubeflow_cannot_carry_is_refused_and_never_dropped(
    toml: str, needs: str, tmp_path: Path
) -> None:
    compilation = compiled(tmp_path, toml)
    assert driver.emit(compilation, ["argo", "airflow"])
    assert driver.emit(compilation, ["kubeflow"]) == {}
    [finding] = compilation.diagnostics
    assert finding.code == "HR501"
    assert needs in finding.message


def test_two_resources_are_one_too_many_for_kubeflow(tmp_path: Path) -> None:
    toml = "platform = 'karpenter'\n[steps.train]\naccelerator = 'h100:8'\nnetwork = 'efa:32'"
    compilation = compiled(tmp_path, toml)
    assert driver.emit(compilation, ["argo", "airflow"])
    assert driver.emit(compilation, ["kubeflow"]) == {}
    [finding] = compilation.diagnostics
    assert "nvidia.com/gpu and vpc.amazonaws.com/efa" in finding.message


EVERYTHING = """
platform = "aks-nap"
[steps.train]
accelerator = "a100"
cpu = "8"
memory = "64Gi"
spot = true
zones = ["1", "2"]
shared_memory = "32Gi"
env = { A = "b$c" }
node_selector = { pool = "x" }
tolerations = [{ key = "t", operator = "Exists", effect = "NoExecute", toleration_seconds = 5 }]
"""


def test_all_options_give_the_same_pod_on_every_target(tmp_path: Path) -> None:
    compilation = compiled(tmp_path, EVERYTHING)
    assert compilation.pipeline is not None
    made = pods.pods_of_all(compilation.pipeline)
    pod = made["argo"]["train"]
    assert pod == made["kubeflow"]["train"] == made["airflow"]["train"]
    assert pods.problems(pod) == []
    assert pod["nodeSelector"] == {"karpenter.sh/capacity-type": "spot", "pool": "x"}
    affinity = pod["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert len(terms) == 2
    assert [t["key"] for t in pod["tolerations"]] == [
        *("nvidia.com/gpu", "sku", "kubernetes.azure.com/scalesetpriority", "t"),
    ]
    assert pod["containers"][0]["resources"]["limits"] == {
        "cpu": "8",
        "memory": "64Gi",
        "nvidia.com/gpu": "1",
    }


def test_runtime_class_and_scheduler_are_the_same_on_both_that_have_them(tmp_path: Path) -> None:
    toml = "platform = 'volcano'\n[steps.train]\naccelerator = 'vgpu:2'\nruntime_class = 'nvidia'"
    pipeline = compiled(tmp_path, toml).pipeline
    assert pipeline is not None
    argo, airflow = (pods.pods(pipeline, target)["train"] for target in ("argo", "airflow"))
    assert argo == airflow
    assert pods.problems(argo) == []
    assert (argo["runtimeClassName"], argo["schedulerName"]) == ("nvidia", "volcano")


def test_kubernetes_would_refuse_what_is_wrong() -> None:
    pod = {"containers": [{"name": "main", "image": "i"}], "tolerations": [{"kee": "a"}]}
    assert pods.problems(pod)
    assert not pods.problems({"containers": [{"name": "main", "image": "i"}]})


def test_the_catalogue_is_read_only_when_a_name_is_used(tmp_path: Path) -> None:
    catalogue._file.cache_clear()
    for cached in (catalogue._files, catalogue.platform, catalogue.platform_names):
        cached.cache_clear()
    driver.emit(compiled(tmp_path, "[steps.train]\ncpu = 1\n"), MANIFEST_TARGETS)
    driver.emit(compiled(tmp_path, "[steps.train]\naccelerator = 'cpu'\n"), MANIFEST_TARGETS)
    assert catalogue._file.cache_info().currsize == 0


# --- one word moves a step -----------------------------------------------------------------------

MOVES = {
    "gke-cpu": ("platform=gke", "steps.train.accelerator=cpu"),
    "gke-a100": ("platform=gke", "steps.train.accelerator=a100"),
    "gke-tpu": ("platform=gke", "steps.train.accelerator=tpu-v5e:2x4"),
    "eks-a100": ("platform=eks", "steps.train.accelerator=a100"),
    "nvidia-a100": ("platform=nvidia", "steps.train.accelerator=a100"),
}
"""Each differs from the one before it, or from `gke-a100`, in one word."""

FROM = {"gke-a100": "gke-cpu", "gke-tpu": "gke-a100", "eks-a100": "gke-a100"}
FROM["nvidia-a100"] = "gke-a100"

PLACEMENT_FIELDS = (
    *("nodeSelector", "affinity", "tolerations", "resources", "volumes", "volumeMounts"),
    *("nodeAffinity", "emptyDirMounts"),
)


def without_placement(value: Any) -> Any:
    """Return a manifest without what says where a step runs."""
    if isinstance(value, list):
        return [without_placement(v) for v in value if not _tells_of_devices(v)]
    if not isinstance(value, dict):
        return value
    return {k: without_placement(v) for k, v in value.items() if k not in PLACEMENT_FIELDS}


def _tells_of_devices(value: object) -> bool:
    told = ("HEADRACE_ACCELERATOR", "HEADRACE_DEVICES", "HEADRACE_DEVICE_NAME")
    return isinstance(value, dict) and value.get("name") in ("NVIDIA_VISIBLE_DEVICES", *told)


def manifests(move: str) -> dict[str, str]:
    compilation = driver.compile_source(TORCH, settings=MOVES[move])
    files = driver.emit(compilation, MANIFEST_TARGETS)
    assert not compilation.diagnostics.failed
    return {f"{target}/{file.name}": file.text for target in files for file in files[target]}


@pytest.mark.parametrize("move", FROM)
def test_promise_6_one_word_moves_a_step(move: str) -> None:
    before, after = manifests(FROM[move]), manifests(move)
    assert before.keys() == after.keys()
    assert sum(a != b for a, b in zip(MOVES[move], MOVES[FROM[move]], strict=True)) == 1
    for name in before:
        assert before[name] != after[name]
        if name.endswith(".yaml"):
            old, new = (list(yaml.safe_load_all(each[name])) for each in (before, after))
            assert without_placement(old) == without_placement(new)


def test_the_steps_that_are_not_moved_stay_as_they_are() -> None:
    pipelines = [driver.compile_source(TORCH, settings=MOVES[m]).pipeline for m in MOVES]
    assert all(pipeline is not None for pipeline in pipelines)
    made = [pods.pods_of_all(pipeline) for pipeline in pipelines if pipeline is not None]
    for target in MANIFEST_TARGETS:
        others = [
            json.dumps({k: v for k, v in each[target].items() if k != "train"}) for each in made
        ]
        assert len(set(others)) == 1
        assert len({json.dumps(each[target]["train"]) for each in made}) == len(MOVES)


def test_the_golden_diffs(golden: GoldenFiles, capfd: pytest.CaptureFixture[str]) -> None:
    from headrace.compiler.cli.files import unified

    texts = {}
    for move, source in FROM.items():
        before, after = manifests(source), manifests(move)
        texts[f"{source}-to-{move}.diff"] = "".join(
            unified(before[name], after[name], f"{name} ({source})", f"{name} ({move})")
            for name in before
        )
    golden.check("moves", texts)
