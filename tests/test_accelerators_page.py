"""`docs/accelerators.md` says what is so."""

import re
from pathlib import Path

import pytest

import pods
from headrace.compiler import driver
from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.targets.accelerators import catalogue, place, resolver
from headrace.targets.accelerators.refusal import Unplaceable

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accelerators.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
MODULE = """
def train() -> int:
    return 1


def evaluate(score: int) -> int:
    return score


def pipeline():
    return evaluate(train())
"""
REFUSED = ('resources = { "hugepages-2Mi"', "resource_claim = true")
"""What the page says that Kubeflow refuses: a second resource, and a claim."""


def compiled(folder: Path, toml: str, profile: str | None = None) -> driver.Compilation:
    (folder / "headrace.toml").write_text(f'image = "i:1"\n{toml}')
    (folder / "flow.py").write_text(MODULE)
    return driver.compile_source(folder / "flow.py", profile=profile)


@pytest.mark.parametrize("toml", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_compiles(toml: str, tmp_path: Path) -> None:
    is_refused = any(what in toml for what in REFUSED)
    targets = [t for t in MANIFEST_TARGETS if t != "kubeflow" or not is_refused]
    for profile in re.findall(r"\[profiles\.(\w+)", toml) or [None]:
        compilation = compiled(tmp_path, toml, profile)
        if profile == "laptop":
            targets = list(MANIFEST_TARGETS)
        assert set(driver.emit(compilation, targets)) == set(targets), profile
        assert list(compilation.diagnostics) == []
    if len(targets) < len(MANIFEST_TARGETS):
        assert driver.emit(compiled(tmp_path, toml), ["kubeflow"]) == {}


def test_the_first_example_gives_what_the_page_says(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, BLOCKS[0]).pipeline
    assert pipeline is not None
    for made in pods.pods_of_all(pipeline).values():
        pod = made["train"]
        assert pod["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-a100-80gb"}
        assert pod["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] == "2"
        assert pod["volumes"][0]["emptyDir"]["sizeLimit"] == "64Gi"


def test_a_claim_gives_the_template_that_the_page_shows(tmp_path: Path) -> None:
    (toml,) = (block for block in BLOCKS if "resource_claim = true" in block)
    (shown,) = re.findall(r"```yaml\n(apiVersion: resource.*?)```", TEXT, re.DOTALL)
    for target, files in driver.emit(compiled(tmp_path, toml), ["argo", "airflow"]).items():
        made = {file.name: file.text for file in files}
        assert made["flow.resourceclaimtemplate.yaml"] == shown, target


def test_every_platform_is_named() -> None:
    table = TEXT.partition("## Platforms")[2].partition("`eks` is")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([\w-]+)`", row)}
    assert set(catalogue.platform_names()) <= named
    shorts = {short for short in catalogue.platform_aliases() if short in named}
    assert {"gke", "eks", "nvidia", "openshift", "amd", "intel", "karpenter"} <= shorts


NAMES = [
    name
    for row in re.findall(r"^\| (`.*?) \|", TEXT.partition("A name that is none")[0], re.MULTILINE)
    for name in re.findall(r"`([^`]+)`", row)
]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_table_is_one_somewhere(name: str) -> None:
    resolver.check_name(name)
    found = []
    for platform in catalogue.platform_names():
        try:
            settings = StepSettings(image="i", accelerator=name)
            found.append(place(settings, PipelineSettings(platform=platform)))
        except Unplaceable:
            continue
    assert found
