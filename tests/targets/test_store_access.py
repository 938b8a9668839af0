"""What `[store]` says reaches every pod, also those of steps that an engine needs beside ours."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.compiler import driver
from headrace.compiler.cli import main
from headrace.compiler.image.plan import Plan
from headrace.compiler.registry import MANIFEST_TARGETS

FLOW = """\
from pathlib import Path


def numbers(n: int) -> list[int]:
    return list(range(n))


def write(n: int) -> Path:
    path = Path(f"{n}.txt")
    path.write_text(str(n))
    return path


def size(path: Path) -> int:
    return path.stat().st_size


def pipeline(n: int = 2):
    paths = [write(i) for i in numbers(n)]
    sizes = [size(path) for path in paths]
    return sizes if max(sizes) > min(sizes) else []
"""
STORE = """\
image = "ghcr.io/acme/flow:1"

[store]
url = "s3://acme-ml/flow"
env = { AWS_REGION = "eu-central-1" }
secrets = { AWS_ACCESS_KEY_ID = "keys/id" }
config_maps = { AWS_ENDPOINT_URL = "places/store" }
volumes = { "/etc/store" = { secret = "keys" } }

[steps.size]
secrets = { TOKEN = "size/token" }
"""


def compiled(folder: Path, settings: str, target: str) -> tuple[driver.Compilation, str]:
    (folder / "flow.py").write_text(FLOW)
    (folder / "headrace.toml").write_text(settings)
    compilation = driver.compile_source(folder / "flow.py")
    files = driver.emit(compilation, [target])
    return compilation, files[target][0].text if files else ""


def test_all_pods_on_argo(tmp_path: Path) -> None:
    [template] = yaml.safe_load_all(compiled(tmp_path, STORE, "argo")[1])
    pods = [each for each in template["spec"]["templates"] if "container" in each]
    assert len(pods) > 3
    for pod in pods:
        variables = {v["name"]: v.get("value", v.get("valueFrom")) for v in pod["container"]["env"]}
        assert variables["AWS_REGION"] == "eu-central-1"
        assert variables["AWS_ACCESS_KEY_ID"] == {"secretKeyRef": {"name": "keys", "key": "id"}}
        assert variables["AWS_ENDPOINT_URL"]["configMapKeyRef"]["name"] == "places"
        assert ("TOKEN" in variables) == pod["name"].startswith("size")
        assert {"name": "secret-keys", "mountPath": "/etc/store"} in pod["container"][
            "volumeMounts"
        ]


def test_all_pods_on_kubeflow(tmp_path: Path) -> None:
    specification, platform = yaml.safe_load_all(compiled(tmp_path, STORE, "kubeflow")[1])
    executors: dict[str, Any] = specification["deploymentSpec"]["executors"]
    told = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    arguments = [each["container"]["args"] for each in executors.values()]
    assert any("compute" in each for each in arguments), "no step of an own making to be seen"
    for name, executor in executors.items():
        variables = {v["name"]: v["value"] for v in executor["container"]["env"]}
        assert variables["AWS_REGION"] == "eu-central-1"
        assert "AWS_ACCESS_KEY_ID" in str(told[name]["secretAsEnv"])
        assert "AWS_ENDPOINT_URL" in str(told[name]["configMapAsEnv"])
        assert "/etc/store" in str(told[name]["secretAsVolume"])


def test_all_pods_on_airflow(tmp_path: Path) -> None:
    text = compiled(tmp_path, STORE, "airflow")[1]
    pods = text.count("KubernetesPodOperator(") + text.count("KubernetesPodOperator.partial(")
    assert pods > 3
    for each in ('"AWS_REGION": "eu-central-1"', '"name": "AWS_ACCESS_KEY_ID"', '"/etc/store"'):
        assert text.count(each) == pods, each


def test_a_step_says_something_else_for_itself(tmp_path: Path) -> None:
    own = STORE.replace('"size/token" }', '"size/token", AWS_ACCESS_KEY_ID = "size/id" }')
    compilation, _ = compiled(tmp_path, own, "argo")
    assert compilation.configuration is not None
    step = compilation.configuration.step
    assert step(["size"]).secrets["AWS_ACCESS_KEY_ID"] == "size/id"
    assert step(["write"]).secrets == {"AWS_ACCESS_KEY_ID": "keys/id"}


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
def test_a_variable_of_two_kinds_is_told_where_the_store_has_it(
    tmp_path: Path, target: str
) -> None:
    twice = STORE.replace("[steps", '[defaults]\nenv = { AWS_ACCESS_KEY_ID = "x" }\n\n[steps')
    compilation, text = compiled(tmp_path, twice, target)
    assert text == ""
    [finding] = compilation.diagnostics
    assert (finding.code, finding.span and finding.span.line) == ("HR441", 6)


def test_a_url_alone_is_the_table_with_a_url(tmp_path: Path) -> None:
    short = 'image = "a:1"\nstore = "s3://acme-ml/flow"\n'
    whole = 'image = "a:1"\n[store]\nurl = "s3://acme-ml/flow"\n'
    for target in MANIFEST_TARGETS:
        assert compiled(tmp_path, short, target)[1] == compiled(tmp_path, whole, target)[1] != ""


def test_a_local_run_has_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.chdir(tmp_path)
    compiled(tmp_path, STORE, "argo")
    (tmp_path / "flow.py").write_text(
        "import os\n\n\ndef region() -> str:\n    return os.environ.get('AWS_REGION', 'none')\n\n\n"
        "def pipeline():\n    return region()\n"
    )
    (tmp_path / "headrace.toml").write_text(STORE.partition("\n[steps")[0])
    assert main(["run", "flow.py"]) == 0
    assert capfd.readouterr().out == "none\n"


# --- the client in the image ---------------------------------------------------------------------

LOCK = '''\
version = 1

[images."ghcr.io/acme/flow:1"]
requirements = """
{}==1.0
"""
'''


@pytest.mark.parametrize(
    ("settings", "lock", "image"),
    [
        ('store = "gs://acme/x"', "", "python:3.11-slim"),
        (STORE, "", None),
        (STORE, LOCK.format("click"), "ghcr.io/acme/flow:1"),
        (STORE, LOCK.format("obstore"), None),
        ('store = "/mnt/artifacts"', "", None),
    ],
)
def test_an_image_that_is_known_to_lack_the_client(
    tmp_path: Path, settings: str, lock: str, image: str | None
) -> None:
    if lock:
        (tmp_path / "headrace.lock").write_text(lock)
    compilation, text = compiled(tmp_path, settings, "argo")
    found = [d.message for d in compilation.diagnostics if d.code == "HR410"]
    assert len(found) == (image is not None)
    assert all(f"which the image {image} lacks" in message for message in found)
    assert text


def test_without_an_artifact_no_image_lacks_it(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        "def a() -> int:\n    return 1\n\n\ndef pipeline():\n    return a()\n"
    )
    (tmp_path / "headrace.toml").write_text('store = "s3://acme-ml/flow"\n')
    compilation = driver.compile_source(tmp_path / "flow.py")
    assert driver.emit(compilation, MANIFEST_TARGETS)
    assert not list(compilation.diagnostics)


def test_the_image_gets_the_client_of_the_bucket(tmp_path: Path) -> None:
    for settings, wanted in ((STORE, ("obstore>=0.8",)), ('image = "a:1"\nstore = "/mnt"\n', ())):
        compilation, _ = compiled(tmp_path, settings, "argo")
        assert Plan.of([compilation], None).dependencies == wanted
