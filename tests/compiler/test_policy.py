"""What policies forbid: of which pods, where it is said, and that none can be weakened."""

from pathlib import Path

import pytest

from headrace.compiler import driver
from headrace.compiler.diagnostics import Diagnostic

DIGEST = "sha256:" + "a1" * 32
MODULE = """
def load() -> int:
    return 1


def train(n: int) -> int:
    return n


def pipeline():
    return train(load())
"""
BLOCK_LINES = 3


def findings(
    folder: Path,
    toml: str,
    *overrides: str,
    block: str = "",
    profile: str | None = None,
    targets: tuple[str, ...] = ("argo",),
) -> list[Diagnostic]:
    """Return what is said of two steps that are configured by `toml` and by a script block."""
    comments = "".join(f"# {line}\n" for line in block.splitlines())
    written = f"# /// script\n# [tool.headrace]\n{comments}# ///\n" if block else ""
    (folder / "flow.py").write_text(written + MODULE)
    (folder / "headrace.toml").write_text(toml)
    compilation = driver.compile_source(folder / "flow.py", settings=overrides, profile=profile)
    files = driver.emit(compilation, targets)
    assert bool(files) != compilation.diagnostics.failed
    return list(compilation.diagnostics)


def marked(finding: Diagnostic, text: str) -> str:
    """Return what `finding` marks in `text`, a file."""
    span = finding.span
    assert span is not None
    return text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


STEP = 'image = "ghcr.io/acme/x:1"\n'


@pytest.mark.parametrize(
    ("policy", "settings", "mark", "message"),
    [
        ('images.registries = ["quay.io"]', "", '"ghcr.io/acme/x:1"', "images of `ghcr.io`"),
        ('images.registries = ["ghcr.io/acm"]', "", '"ghcr.io/acme/x:1"', "images of `ghcr.io`"),
        ('images.digest = "required"', "", '"ghcr.io/acme/x:1"', "requires the digest"),
        ('images.latest = "forbid"', 'steps.load.image = "x"', '"x"', "are the latest: x"),
        ('images.latest = "forbid"', 'steps.load.image = "x:latest"', '"x:latest"', "x:latest"),
        ('images.registries = ["ghcr.io"]', 'steps.load.image = "a/x"', '"a/x"', "`docker.io`"),
        (
            'accelerators.allow = ["t4"]',
            'steps.load.resources = { "nvidia.com/gpu" = 1 }',
            "1",
            "does not allow the accelerator `nvidia.com/gpu`",
        ),
        (
            'accelerators.forbid = ["NVIDIA.com/*"]',
            'steps.load.resources = { "nvidia.com/gpu" = 1 }',
            "1",
            "forbids the accelerator `nvidia.com/gpu`",
        ),
        (
            "accelerators.allow = []",
            'steps.load.pod.resourceClaims = [{ name = "g", resourceClaimName = "one" }]',
            '[{ name = "g", resourceClaimName = "one" }]',
            "`claim/one`",
        ),
        (
            'host_paths = "forbid"',
            'steps.load.volumes = { "/a" = { host_path = "/b" } }',
            '"/b"',
            "paths of the host: /b",
        ),
        (
            'host_paths = "forbid"',
            'steps.load.pod.volumes = [{ name = "h", hostPath = { path = "/etc" } }]',
            '{ path = "/etc" }',
            "paths of the host: /etc",
        ),
        (
            'host_namespaces = "forbid"',
            "steps.load.pod.hostPID = true",
            "true",
            "the namespaces of the host: hostPID",
        ),
        (
            'privileged = "forbid"',
            "steps.load.pod.containers = "
            '[{ name = "main", securityContext = { privileged = true } }]',
            "true",
            "privileged containers: container `main`",
        ),
        (
            'privileged = "forbid"',
            'steps.load.pod.initContainers = [{ name = "a", image = "i", '
            "securityContext.windowsOptions.hostProcess = true }]",
            "securityContext",
            "container `a`",
        ),
        (
            'images.digest = "required"',
            f'steps.load.pod.initContainers = [{{ name = "a", image = "i" }}]\n'
            f'image = "ghcr.io/acme/x@{DIGEST}"',
            '"i"',
            "digest of an image: i",
        ),
        (
            'limits = ["cpu"]',
            "defaults.cpu = 1\n"
            'steps.load.pod.initContainers = [{ name = "a", resources.requests.cpu = "1" }]',
            "resources",
            "limit of cpu: container `a` has none",
        ),
    ],
)
def test_what_a_policy_forbids_stands_where_it_is_set(
    tmp_path: Path, policy: str, settings: str, mark: str, message: str
) -> None:
    toml = f"{'' if 'image = ' in settings.split(chr(10))[-1][:8] else STEP}{settings}\n"
    toml += f"policy.{policy}\n"
    found = findings(tmp_path, toml)
    [finding] = [f for f in found if f.message and message in f.message]
    assert {f.code for f in found} == {"HR440"}
    assert marked(finding, toml) == mark
    assert finding.label.startswith("in the pod of load")
    [related] = finding.related
    assert related.span.path == "headrace.toml"
    assert related.span.line == len(toml.splitlines())


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ('images.registries = ["ghcr.io", "docker.io/acme"]', 'steps.load.image = "acme/x"'),
        ('images.registries = ["localhost:5000"]', 'image = "localhost:5000/x"'),
        ('images.digest = "required"\npolicy.images.latest = "forbid"', f'image = "x@{DIGEST}"'),
        ('images.latest = "forbid"', 'image = "localhost:5000/x:2"'),
        (
            'accelerators = { allow = ["nvidia.com/*"], forbid = ["h100*"] }',
            'defaults = { resources = { "nvidia.com/gpu" = 1 }, ephemeral_storage = "1Gi" }',
        ),
        ('limits = ["cpu", "nvidia.com/gpu"]', 'defaults = {cpu=1,resources."nvidia.com/gpu"=1}'),
        ('limits = ["ephemeral-storage"]', 'defaults.ephemeral_storage = "1Gi"'),
        (
            'limits = ["memory"]',
            'defaults.pod.containers = [{ name = "main", resources.limits.memory = "1Gi" }]',
        ),
        ('host_paths = "forbid"', 'defaults.volumes = { "/a" = { pvc = "b" } }'),
        ('privileged = "forbid"', "defaults.pod.hostNetwork = true"),
        ('host_namespaces = "forbid"', "defaults.pod.hostNetwork = false"),
    ],
)
def test_what_a_policy_leaves_alone(tmp_path: Path, policy: str, settings: str) -> None:
    image = "" if settings.startswith("image") else STEP
    assert findings(tmp_path, f"{image}{settings}\npolicy.{policy}\n") == []


GKE = 'platform = "gke"\n'
OWN = """
[accelerators.ours]
resource = "nvidia.com/gpu"
node_selector = { "cloud.google.com/gke-accelerator" = "%s" }
[steps.load]
accelerator = "ours"
"""


@pytest.mark.parametrize(
    ("policy", "settings", "message"),
    [
        ('forbid = ["a100-80gb"]', 'steps.load.accelerator = "a100"', "`a100-80gb`, which `a100`"),
        ('forbid = ["a100-80gb"]', f'{GKE}steps.load.accelerator = "a100"', "which `a100` may be"),
        ('forbid = ["a100-80gb"]', 'steps.load.accelerator = "gpu:2"', "which `gpu` may be"),
        ('forbid = ["a100-80gb"]', f'{GKE}steps.load.accelerator = "gpu"', "which `gpu` may be"),
        ('forbid = ["a100-80gb"]', 'steps.load.accelerator = "NVIDIA A100_80GB"', "`a100-80gb`"),
        ('forbid = ["a100-80gb"]', f'{GKE}steps.load.accelerator = "a100-80gb/1g.10gb"', "1g.10gb"),
        ('forbid = ["a100-80gb"]', 'steps.load.accelerator = "a100/1g.10gb"', "a100-80gb/1g.10gb"),
        (
            'forbid = ["a100/*"]',
            'steps.load.accelerator = "a100-80gb/1g.10gb"',
            "a100-80gb/1g.10gb",
        ),
        ('forbid = ["A100"]', 'steps.load.accelerator = "a100-80gb"', "`a100-80gb`"),
        ('forbid = ["gpu"]', 'steps.load.accelerator = "t4"', "forbids the accelerator `t4`"),
        ('forbid = ["trn*"]', 'steps.load.accelerator = "trn1"', "which `trn1` may be"),
        ('forbid = ["trainium1"]', 'steps.load.accelerator = "trn1"', "`trainium1`"),
        ('forbid = ["tpu-v5e"]', f'{GKE}steps.load.accelerator = "tpu:2x4"', "`tpu-v5e`"),
        (
            'forbid = ["h100*"]',
            'steps.load.resources = { "nvidia.com/gpu" = 1 }',
            "which `nvidia.com/gpu` may be",
        ),
        ('forbid = ["a100-80gb"]', GKE + OWN % "nvidia-a100-80gb", "which `ours` may be"),
        (
            'forbid = ["a100-80gb"]',
            'accelerators.ours.device_class = "gpu.nvidia.com"\nsteps.load.accelerator = "ours"',
            "which `ours` may be",
        ),
        ('allow = ["a100-80gb"]', 'steps.load.accelerator = "a100"', "does not allow the accel"),
        ('allow = ["a100-80gb"]', f'{GKE}steps.load.accelerator = "a100"', "`a100-40gb`, which"),
        ('allow = ["t4"]', f'{GKE}steps.load.accelerator = "gpu"', "which `gpu` may be"),
        ('allow = ["a100/*"]', f'{GKE}steps.load.accelerator = "a100-80gb"', "`a100-80gb`"),
        ('allow = ["a100-80gb"]', GKE + OWN % "nvidia-a100-80gb", "`ours`"),
    ],
)
def test_a_policy_judges_what_a_step_may_get(
    tmp_path: Path, policy: str, settings: str, message: str
) -> None:
    toml = f"{STEP}{settings}\n[policy.accelerators]\n{policy}\n"
    found = [finding for finding in findings(tmp_path, toml) if finding.code == "HR440"]
    assert [message in finding.message for finding in found] == [True], found


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ('forbid = ["a100-80gb"]', 'steps.load.accelerator = "a100-40gb"'),
        ('forbid = ["a100-80gb"]', 'steps.load.accelerator = "a100:16"'),
        (
            'forbid = ["a100-80gb"]',
            'steps.load.accelerator = "a100"\nsteps.load.machine_type = "a2-highgpu-1g"',
        ),
        ('forbid = ["a100/*"]', 'steps.load.accelerator = "a100"'),
        ('forbid = ["mi300x"]', 'steps.load.resources = { "nvidia.com/gpu" = 1 }'),
        ('forbid = ["mi300x"]', 'steps.load.accelerator = "gpu"'),
        (
            'forbid = ["a100-80gb"]',
            'steps.load = { resources = { "nvidia.com/gpu" = 1 }, '
            'node_selector = { "cloud.google.com/gke-accelerator" = "nvidia-l4" } }',
        ),
        ('forbid = ["a100-80gb"]', OWN % "nvidia-l4"),
        ('forbid = ["a100-80gb"]\nallow = ["ours"]', OWN % "nvidia-a100-80gb"),
        ('allow = ["a100"]', 'steps.load.accelerator = "a100-80gb:2"'),
        ('allow = ["a100"]', 'steps.load.accelerator = "a100"'),
        ('allow = ["a100*"]', 'steps.load.accelerator = "a100"'),
        ('allow = ["a100-80gb"]', 'steps.load.accelerator = "a100-80gb/1g.10gb"'),
        ('allow = ["a100/1g.*"]', 'steps.load.accelerator = "a100-80gb/1g.10gb"'),
        ('allow = ["gpu"]', 'steps.load.accelerator = "l4"'),
        ('allow = ["gpu"]', 'steps.load.accelerator = "gpu"'),
        ("allow = []", 'steps.load.accelerator = "cpu"'),
    ],
)
def test_a_policy_lets_through_what_is_always_allowed(
    tmp_path: Path, policy: str, settings: str
) -> None:
    toml = f"{STEP}{GKE}{settings}\n[policy.accelerators]\n{policy}\n"
    assert findings(tmp_path, toml) == []


def test_a_missing_limit_stands_at_each_step_without_it(tmp_path: Path) -> None:
    toml = f'{STEP}policy.limits = ["memory"]\nsteps.load.cpu = 1\n'
    found = findings(tmp_path, toml)
    assert [(f.code, marked(f, MODULE), f.label) for f in found] == [
        ("HR440", "train(load())", "no limit of memory: train"),
        ("HR440", "load()", "no limit of memory: load"),
    ]
    assert found[0].hint == 'set memory = "...", for the step or in [defaults]'
    assert len(findings(tmp_path, f'{toml}steps.load.memory = "1Gi"')) == 1


def test_one_setting_of_many_steps_is_one_finding(tmp_path: Path) -> None:
    [finding] = findings(tmp_path, f'{STEP}policy.images.digest = "required"')
    assert finding.label == "in the pod of load, train"
    toml = 'policy.images.digest = "required"'
    found = [f for f in findings(tmp_path, toml) if f.code == "HR440"]
    assert [str(f.span) for f in found] == ["flow.py:10"], "nothing is set: at the pipeline"


def test_all_policies_hold_whoever_wrote_them(tmp_path: Path) -> None:
    toml = f'{STEP}policy.images.registries = ["quay.io"]\n[profiles.p.policy]\nlimits = ["cpu"]\n'
    block = 'policy.images.registries = ["ghcr.io"]'
    assert len(findings(tmp_path, toml, block=block)) == 1, "the module cannot allow it"
    assert len(findings(tmp_path, toml, 'policy.images.registries=["ghcr.io"]')) == 1
    assert len(findings(tmp_path, toml, profile="p")) == 3, "a profile may forbid more"
    assert len(findings(tmp_path, toml, "policy.limits=['cpu','memory']")) == 5
    block = 'policy.images.digest = "required"'
    assert len(findings(tmp_path, toml, block=block)) == 2, "a module may forbid itself more"


def test_a_nearer_file_hides_no_policy_of_the_repository(tmp_path: Path) -> None:
    project = tmp_path / "repository" / "team" / "project"
    project.mkdir(parents=True)
    (tmp_path / "headrace.toml").write_text('policy.limits = ["ephemeral-storage"]')
    (tmp_path / "repository" / "headrace.toml").write_text('policy.limits = ["cpu"]\nimage = "b:1"')
    (tmp_path / "repository" / "team" / "pyproject.toml").write_text(
        '[tool.headrace.policy]\nlimits = ["memory"]\n'
    )
    assert findings(project, STEP) == [], "outside of a repository the nearest file is all"
    (tmp_path / "repository" / ".git").mkdir()
    found = findings(project, STEP)
    assert {f.message for f in found} == {
        "the policy requires a limit of cpu",
        "the policy requires a limit of memory",
    }
    assert {f.related[0].span.path for f in found} == {
        str(tmp_path / "repository" / "headrace.toml"),
        "pyproject.toml",
    }


def test_a_local_run_needs_no_leave(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(MODULE)
    (tmp_path / "headrace.toml").write_text('policy.limits = ["cpu"]')
    compilation = driver.compile_source(tmp_path / "flow.py")
    assert not compilation.diagnostics.failed


@pytest.mark.parametrize(
    ("settings", "mark", "message"),
    [
        (
            'defaults.env = { A = "1" }\nsteps.load.secrets = { A = "s/k" }',
            '"s/k"',
            "`A` is set by `secrets` and by `env`",
        ),
        (
            'steps.load.env = { A = "1" }\n'
            'steps.load.pod.containers = [{ name = "main", env = [{ name = "A", '
            'valueFrom = { fieldRef = { fieldPath = "spec.nodeName" } } }] }]',
            '"1"',
            "`A` is set by `pod` and by `env`",
        ),
        (
            'steps.load.pod.volumes = [{ name = "v", emptyDir = {}, nfs = {} }]',
            '{ name = "v", emptyDir = {}, nfs = {} }',
            "volume `v` must have one source: it has emptyDir and nfs",
        ),
        (
            'steps.load.volumes = { "/d" = { pvc = "d" } }\n'
            'steps.load.pod.volumes = [{ name = "pvc-d", emptyDir = {} }]',
            '{ name = "pvc-d", emptyDir = {} }',
            "persistentVolumeClaim and emptyDir",
        ),
        (
            'steps.load.resources = { "hugepages-2Mi" = "4Mi" }',
            '"4Mi"',
            "container `main` asks for hugepages-2Mi, and for neither cpu nor memory",
        ),
        (
            'steps.load.pod.initContainers = [{ name = "a", image = "i", '
            'resources = { limits = { "hugepages-1Gi" = "1Gi" } } }]',
            '{ limits = { "hugepages-1Gi" = "1Gi" } }',
            "container `a` asks for hugepages-1Gi",
        ),
        (
            "steps.load.pod.containers = "
            '[{ name = "main", volumeMounts = [{ name = "v", mountPath = "/v" }] }]',
            '[{ name = "v", mountPath = "/v" }]',
            "container `main` mounts a volume that is not there: `v`",
        ),
        (
            'steps.load.pod.initContainers = [{ name = "main", image = "i" }]',
            '{ name = "main", image = "i" }',
            "2 containers are called `main`",
        ),
    ],
)
def test_settings_that_do_not_fit_together(
    tmp_path: Path, settings: str, mark: str, message: str
) -> None:
    toml = f"{STEP}{settings}\n"
    [finding] = findings(tmp_path, toml)
    assert (finding.code, marked(finding, toml)) == ("HR441", mark)
    assert message in finding.message
