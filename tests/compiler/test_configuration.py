"""What a configuration gives, from each place it may stand in, and what is said about errors."""

import os
from pathlib import Path

import pytest

from headrace.compiler.configuration import Configuration, load
from headrace.compiler.diagnostics import Diagnostic, Sink
from headrace.compiler.settings import EmptyDir, Retries, Schedule, Volume
from headrace.compiler.source import SourceFile


class Project:
    """A module in a folder, with whatever configures it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.module = folder / "work" / "digits.py"
        self.module.parent.mkdir()
        self.module.write_text("def pipeline():\n    return 1\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def write_block(self, toml: str) -> None:
        lines = "".join(f"# {line}".rstrip() + "\n" for line in toml.splitlines())
        self.module.write_text(f'"""A module."""\n# /// script\n{lines}# ///\n')

    def load(self, profile: str | None = None, *overrides: str) -> Configuration:
        configuration, findings = self.load_all(profile, *overrides)
        assert findings == []
        return configuration

    def load_all(
        self, profile: str | None = None, *overrides: str
    ) -> tuple[Configuration, list[Diagnostic]]:
        sink = Sink()
        source = SourceFile(self.module, "work/digits.py", self.module.read_text())
        return load(self.module, source, profile, overrides, sink), list(sink)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_nothing_set(project: Project) -> None:
    configuration = project.load()
    train = configuration.step(["train"])
    assert (train.image, train.code) == ("python:3.11-slim", "inline")
    assert configuration.pipeline.schedule is None
    assert configuration.project_folder == project.module.parent


def test_everything_set(project: Project) -> None:
    project.write(
        "headrace.toml",
        """
image = "ghcr.io/acme/digits:1"
store = "file:///mnt/store"
targets = ["argo", "airflow"]
pipelines = ["nightly"]
schedule = { cron = "0  3 * * 1-5", timezone = "Europe/Berlin", overlap = "allow" }

[defaults]
cpu = 1
timeout = "1h30m"
retries = { limit = 2, delay = "30s", factor = 2, max_delay = "10m" }

[steps.train]
memory = "64Gi"
accelerator = "cpu"
retries = 5
env = { OMP_NUM_THREADS = 8 }
resources = { "nvidia.com/gpu" = 1 }
node_selector = { "cloud.google.com/pool" = "big" }
tolerations = [{ key = "gpu", operator = "Exists", effect = "NoSchedule" }]
""",
    )
    configuration = project.load()
    assert configuration.pipeline.schedule == Schedule(
        cron="0 3 * * 1-5", timezone="Europe/Berlin", overlap="allow"
    )
    assert configuration.pipeline.targets == ("argo", "airflow")
    assert configuration.pipelines == ("nightly",)
    assert configuration.project_folder == project.folder
    train = configuration.step(["train", "train-big"])
    assert train.retries == Retries(limit=5, delay=30, factor=2, max_delay=600)
    assert (train.cpu, train.memory, train.timeout) == ("1", "64Gi", 5400)
    assert train.env == {"OMP_NUM_THREADS": "8"}
    assert train.resources == {"nvidia.com/gpu": "1"}
    assert train.accelerator == "cpu"
    assert train.tolerations[0].operator == "Exists"
    ingest = configuration.step(["ingest"])
    assert ingest.memory is None
    assert (ingest.image, ingest.code) == ("ghcr.io/acme/digits:1", "image")


@pytest.mark.parametrize(
    ("settings", "train", "other"),
    [
        ("", ("python:3.11-slim", "inline"), ("python:3.11-slim", "inline")),
        ("steps.train.image = 'a:1'", ("a:1", "image"), ("python:3.11-slim", "inline")),
        ("image = 'a:1'\ncode = 'inline'", ("a:1", "inline"), ("a:1", "inline")),
        ("image = 'a:1'\nsteps.train.code = 'inline'", ("a:1", "inline"), ("a:1", "image")),
        ("defaults = { image = 'a:1', code = 'inline' }", ("a:1", "inline"), ("a:1", "inline")),
        ("code = 'image'\ndefaults.image = 'a:1'", ("a:1", "image"), ("a:1", "image")),
    ],
)
def test_code_travels_where_no_image_is_set_or_where_it_is_told(
    project: Project, settings: str, train: tuple[str, str], other: tuple[str, str]
) -> None:
    project.write("headrace.toml", settings)
    configuration = project.load()
    found = [configuration.step([name]) for name in ("train", "other")]
    assert [(step.image, step.code) for step in found] == [train, other]


@pytest.mark.parametrize(
    ("settings", "line", "column"),
    [
        ("code = 'image'", 1, 8),
        ("[defaults]\ncode = 'image'", 2, 8),
        ("[steps.train]\ncode = 'image'\n[steps.other]\nimage = 'a:1'", 2, 8),
        ("[profiles.p]\ncode = 'image'", 2, 8),
    ],
)
def test_code_in_an_image_needs_one(
    project: Project, settings: str, line: int, column: int
) -> None:
    project.write("headrace.toml", settings)
    [finding] = project.load_all("p" if "profiles" in settings else None)[1]
    assert (finding.code, finding.message) == (
        "HR402",
        'no image is set that `code = "image"` could mean',
    )
    assert finding.span is not None
    assert (finding.span.line, finding.span.column) == (line, column)


def test_code_is_image_or_inline(project: Project) -> None:
    project.write("headrace.toml", "code = 'inlin'")
    [finding] = project.load_all()[1]
    assert (finding.code, finding.hint) == ("HR402", 'did you mean "inline"?')


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1e3", "1000"),
        ("2.0", "2"),
        ("0.5", "0.5"),
        ("1e30", "1e+30"),
        ("'1e3'", "1e3"),
    ],
)
def test_a_quantity_without_quotes(project: Project, written: str, kept: str) -> None:
    project.write("headrace.toml", f"defaults.memory = {written}")
    assert project.load().step([]).memory == kept


def test_a_volume_replaces_another_and_a_pod_is_merged(project: Project) -> None:
    project.write(
        "headrace.toml",
        """
[defaults]
volumes = { "/data" = { pvc = "old", sub_path = "a" }, "/tmp" = { empty_dir = {} } }
pod = { hostNetwork = true, dnsConfig = { nameservers = ["1.1.1.1"], searches = ["a"] } }
[steps.train]
volumes = { "/data" = { empty_dir = "1Gi" } }
[[steps.train.pod.dnsConfig.options]]
name = "ndots"
""",
    )
    train = project.load().step(["train"])
    assert train.volumes == {
        "/data": Volume(empty_dir=EmptyDir(size_limit="1Gi")),
        "/tmp": Volume(empty_dir=EmptyDir()),
    }
    assert train.pod == {
        "hostNetwork": True,
        "dnsConfig": {
            "nameservers": ["1.1.1.1"],
            "searches": ["a"],
            "options": [{"name": "ndots"}],
        },
    }


def test_the_place_of_a_setting_is_where_it_wins(project: Project) -> None:
    project.write_block("[tool.headrace.steps.train]\nmemory = '1Gi'\nimage = 'a:1'")
    project.write(
        "headrace.toml",
        "[defaults]\nmemory = '2Gi'\ncpu = 1\n[profiles.p.defaults]\ncpu = 2\n"
        "[profiles.p.steps.train-big]\nmemory = '3Gi'\n",
    )

    def place(configuration: Configuration, *path: str) -> str:
        return str(next(configuration.places(["train", "train-big"], path), None))

    plain, profiled = project.load(), project.load("p")
    assert place(plain, "memory") == "work/digits.py:4"
    assert place(plain, "cpu") == "headrace.toml:3"
    assert place(profiled, "memory") == "headrace.toml:7"
    assert place(profiled, "cpu") == "headrace.toml:5"
    assert place(project.load("p", "steps.train.cpu=3"), "cpu") == "--set:1"
    assert place(project.load(None, "image=b:1"), "image") == "work/digits.py:5"
    assert place(plain, "timeout") == "None"


def test_later_wins(project: Project) -> None:
    block = '[tool.headrace]\nimage = "a:1"\n[tool.headrace.defaults]\ncpu = "1"\nmemory = "1Gi"'
    project.write_block(f'requires-python = ">=3.12"\ndependencies = ["numpy>2"]\n{block}')
    assert project.load().step([]).memory == "1Gi"
    project.write(
        "pyproject.toml", '[tool.headrace]\ndefaults.memory = "2Gi"\nprofiles.p.image = "p:1"'
    )
    assert project.load().step([]).memory == "2Gi"
    project.write("headrace.toml", '[profiles.p.defaults]\nmemory = "3Gi"')
    assert project.load().step([]).memory == "1Gi", "headrace.toml stands before pyproject.toml"
    assert project.load("p").step([]).memory == "3Gi"
    final = project.load("p", "defaults.memory=4Gi", "steps.train.memory=5Gi")
    assert final.step([]).memory == "4Gi"
    assert final.step(["train"]).memory == "5Gi"
    assert final.step([]).cpu == "1"
    assert final.dependencies == ("numpy>2",)
    assert final.stock_image == "python:3.12-slim"


def test_the_id_of_a_step_wins_over_its_function(project: Project) -> None:
    project.write(
        "headrace.toml",
        'defaults.env = { A = "1", B = "1", C = "1" }\n'
        'steps.train.env = { B = "2", C = "2" }\nsteps.train-big.env = { C = "3" }\n',
    )
    env = project.load().step(["train", "train-big"]).env
    assert env == {"A": "1", "B": "2", "C": "3"}


@pytest.mark.parametrize(
    ("toml", "code", "line", "marked", "hint"),
    [
        ("imgae = 'a'", "HR401", 1, "imgae", 'did you mean "image"?'),
        ("[steps.train]\nmemroy = '1Gi'", "HR401", 2, "memroy", 'did you mean "memory"?'),
        ("steps.train = { 'memroy' = 1 }", "HR401", 1, "'memroy'", 'did you mean "memory"?'),
        ("[profiles.p]\nprofiles = 1", "HR401", 2, "profiles", ""),
        ("defaults.memory = '64 GB'", "HR402", 1, "'64 GB'", "64Gi"),
        ("defaults.memory = '400m'", "HR402", 1, "'400m'", "Mi"),
        ("defaults.cpu = 0", "HR402", 1, "0", ""),
        ("[defaults]\n# x = 1\ntimeout = 'soon' # no", "HR402", 3, "'soon'", "1h30m"),
        ("defaults.timeout = 0", "HR402", 1, "0", ""),
        ("defaults.retries.factor = 1.5", "HR402", 1, "1.5", ""),
        ("defaults.retries.limit = true", "HR402", 1, "true", ""),
        ("defaults.retries = [1]", "HR402", 1, "[1]", ""),
        ("defaults.env = { A = 1.5 }", "HR402", 1, "1.5", "quotes"),
        ("defaults.env = { HEADRACE_CODE = 'x' }", "HR402", 1, "HEADRACE_CODE", ""),
        ("defaults.env = 3", "HR402", 1, "3", "[defaults.env]"),
        ("defaults.resources.cpu = 1", "HR402", 1, "cpu", "beside"),
        ("defaults.resources = { 'nvidia.com/gpu' = 0.5 }", "HR402", 1, "0.5", ""),
        ("image = 'Not An Image'", "HR402", 1, "'Not An Image'", "lower case"),
        ("schedule.cron = '* * * *'", "HR402", 1, "'* * * *'", "minute"),
        ("schedule = '@daily'", "HR402", 1, "'@daily'", "minute"),
        ("schedule = '0 0 * * 7'", "HR402", 1, "'0 0 * * 7'", "0 to 6"),
        ("schedule = '0 0 L * *'", "HR402", 1, "'0 0 L * *'", ""),
        ("schedule.timezone = 'UTC'", "HR402", 1, "schedule", "cron"),
        (
            "schedule = { cron = '0 0 * * *', timezone = 'Europe/Belin' }",
            "HR402",
            1,
            "'Europe/Belin'",
            "Europe/Berlin",
        ),
        ("schedule = { cron = '0 0 * * *', timezone = '../UTC' }", "HR402", 1, "'../UTC'", ""),
        ("targets = ['argoo']", "HR402", 1, "['argoo']", 'did you mean "argo"?'),
        ("store = 'ftp://bucket'", "HR402", 1, "'ftp://bucket'", "file:///"),
        ("store = 'wasbs://bucket/x'", "HR402", 1, "'wasbs://bucket/x'", "write az://"),
        ("store = 's3://Bucket'", "HR402", 1, "'s3://Bucket'", "write s3://bucket/prefix"),
        ("store = 's3://bucket/../x'", "HR402", 1, "'s3://bucket/../x'", "write s3://"),
        ("store = 's3://bucket/{{x}}'", "HR402", 1, "'s3://bucket/{{x}}'", "letters"),
        ("store.secrets.A = 'a'", "HR402", 1, "'a'", "NAME/KEY"),
        ("store.bucket = 'a'", "HR401", 1, "bucket", "url"),
        ("defaults.accelerator = 'a100:2:3'", "HR402", 1, "'a100:2:3'", "tpu-v5e:2x4"),
        ("defaults.network = 'efa:x'", "HR402", 1, "'efa:x'", "efa:32"),
        ("defaults.runtime_class = 'Nvidia'", "HR402", 1, "'Nvidia'", "lower-case"),
        ("defaults.zones = []", "HR402", 1, "[]", "any zone"),
        ("defaults.machine_type = ''", "HR402", 1, "''", "write a text"),
        ("defaults.resources.ephemeral-storage = 1", "HR402", 1, "", "ephemeral_storage = "),
        ("platform = 3", "HR402", 1, "3", "quotes"),
        ("accelerators.cpu.resource = 'a/b'", "HR402", 1, "", "letters"),
        ("accelerators.a.resource = 'gpu'", "HR402", 1, "'gpu'", "nvidia.com/gpu"),
        ("accelerators.a.memory_gib = 80", "HR402", 1, "", "add resource = "),
        ("accelerators.a.counts = []", "HR402", 1, "[]", "any count"),
        ("accelerators.a.node_affinity = [{ kee = 'a' }]", "HR401", 1, "[{ kee = 'a' }]", "key"),
        (
            "accelerators.a.node_affinity = [{ values = ['a'] }]",
            "HR402",
            1,
            "[{ values = ['a'] }]",
            "key = ",
        ),
        (
            "accelerators.a.node_affinity = [{ key = 'a' }]",
            "HR402",
            1,
            "[{ key = 'a' }]",
            "values = ",
        ),
        (
            "accelerators.a.node_affinity = [{ key = 'a', operator = 'Exists', values = ['b'] }]",
            *("HR402", 1, "[{ key = 'a', operator = 'Exists', values = ['b'] }]", "one of the two"),
        ),
        (
            "accelerators.a.node_affinity = [{ key = 'a', operator = 'Gt', values = ['b'] }]",
            *("HR402", 1, "[{ key = 'a', operator = 'Gt', values = ['b'] }]", "40000"),
        ),
        ("targets = []", "HR402", 1, "[]", "all of them"),
        ("defaults.tolerations = [{ kee = 'a' }]", "HR401", 1, "[{ kee = 'a' }]", "key"),
        ("defaults.tolerations = [{ value = 'a' }]", "HR402", 1, "[{ value = 'a' }]", "Exists"),
        ("defaults.secrets = { A = 'hf' }", "HR402", 1, "'hf'", "NAME/KEY"),
        ("defaults.secrets = { A = 'Hf/token' }", "HR402", 1, "'Hf/token'", "NAME/KEY"),
        ("defaults.config_maps = { HEADRACE_A = 'a/b' }", "HR402", 1, "HEADRACE_A", "choose"),
        ("defaults.config_maps = { A = 'a/..' }", "HR402", 1, "'a/..'", "config map"),
        ("defaults.volumes = { data = { pvc = 'd' } }", "HR402", 1, "data", '"/data"'),
        ("defaults.volumes = { '/a/../b' = { pvc = 'd' } }", "HR402", 1, "'/a/../b'", '"/data"'),
        ("defaults.volumes = { '/airflow' = { pvc = 'd' } }", "HR402", 1, "'/airflow'", "below"),
        ("defaults.volumes.'/d' = { pvc = 'A' }", "HR402", 1, "{ pvc = 'A' }", "lower-case"),
        ("defaults.volumes.'/d' = { }", "HR402", 1, "{ }", "pvc, empty_dir"),
        ("defaults.volumes.'/d' = 3", "HR402", 1, "3", "pvc"),
        (
            "defaults.volumes.'/d' = { pvc = 'd', secret = 's' }",
            "HR402",
            1,
            "{ pvc = 'd', secret = 's' }",
            "one of",
        ),
        ("defaults.volumes.'/d' = { pcv = 'd' }", "HR401", 1, "{ pcv = 'd' }", '"pvc"'),
        ("defaults.volumes.'/d' = { host_path = 'a' }", "HR402", 1, "{ host_path = 'a' }", "/"),
        (
            "defaults.volumes.'/d' = { empty_dir = '400m' }",
            "HR402",
            1,
            "{ empty_dir = '400m' }",
            "",
        ),
        ("defaults.service_account = 'Robot'", "HR402", 1, "'Robot'", "lower-case"),
        ("defaults.labels = { 'a b' = 'c' }", "HR402", 1, "'a b'", "letters"),
        ("defaults.labels = { a = 'b c' }", "HR402", 1, "'b c'", "63"),
        ("defaults.labels = { dag_id = 'c' }", "HR402", 1, "dag_id", "another key"),
        (
            "defaults.labels = { 'kueue.x-k8s.io/queue-name' = 'q' }",
            "HR402",
            1,
            "'kueue.x-k8s.io/queue-name'",
            "queue = ",
        ),
        ("defaults.annotations = { 'headrace.dev/x' = '' }", "HR402", 1, "'headrace.dev/x'", ""),
        ("defaults.annotations = { a = 1 }", "HR402", 1, "1", "quotes"),
        ("defaults.priority_class = ''", "HR402", 1, "''", ""),
        ("defaults.queue = 'a_b'", "HR402", 1, "'a_b'", "lower-case"),
        ("defaults.queue = '" + "q" * 64 + "'", "HR402", 1, "'" + "q" * 64 + "'", "63"),
        ("defaults.scheduler = 3", "HR402", 1, "3", "quotes"),
        ("defaults.pod = 3", "HR402", 1, "3", "[defaults.pod]"),
        ("defaults.pod.hostNetwrk = true", "HR401", 1, "hostNetwrk", '"hostNetwork"'),
        ("defaults.pod.hostNetwork = 'yes'", "HR402", 1, "'yes'", "without quotes"),
        ("defaults.pod.nodeSelector = { a = 'b' }", "HR402", 1, "{ a = 'b' }", "node_selector"),
        ("defaults.pod.restartPolicy = 'Never'", "HR402", 1, "'Never'", "engine"),
        ("defaults.pod.containers = { }", "HR402", 1, "{ }", "[ ]"),
        ("defaults.pod.containers = [{ }]", "HR402", 1, "{ }", '"main"'),
        ("defaults.pod.containers = [{ name = 'b' }]", "HR402", 1, "{ name = 'b' }", "sidecar"),
        (
            "defaults.pod.containers = [{ name = 'main', command = ['sh'] }]",
            "HR402",
            1,
            "{ name = 'main', command = ['sh'] }",
            "headrace-step",
        ),
        (
            "defaults.pod.containers = [{ name = 'main', env = [{ name = 'A', value = '1' }] }]",
            "HR402",
            1,
            "{ name = 'main', env = [{ name = 'A', value = '1' }] }",
            'env = { A = "..." }',
        ),
        (
            "defaults.pod.containers = [{ name = 'main', securityContext.privilegd = true }]",
            "HR401",
            1,
            "privilegd",
            '"privileged"',
        ),
        ("policy.limit = ['cpu']", "HR401", 1, "limit", '"limits"'),
        ("policy.limits = ['CPU']", "HR402", 1, "['CPU']", '"cpu"'),
        ("policy.privileged = 'allow'", "HR402", 1, "'allow'", "policies add up"),
        ("policy.images.digest = 'optional'", "HR402", 1, "'optional'", '"required"'),
        ("policy.images.registries = []", "HR402", 1, "[]", "leave the key out"),
        (
            "policy.images.registries = ['https://a.b']",
            "HR402",
            1,
            "['https://a.b']",
            "without https://",
        ),
        ("a = 'x", "HR403", 1, "", ""),
        ("a = 1\na = 2", "HR403", 2, "", ""),
    ],
)
@pytest.mark.parametrize("place", ["headrace.toml", "pyproject.toml", "block"])
def test_what_is_wrong_is_shown_where_it_stands(
    project: Project, place: str, toml: str, code: str, line: int, marked: str, hint: str
) -> None:
    first = 1
    if place != "headrace.toml":
        toml = "[tool.headrace]\n" + toml.replace("\n[", "\n[tool.headrace.")
        toml = toml.replace("tool.headrace]\n[", "tool.headrace]\n[tool.headrace.")
        first = 2
    if place == "block":
        project.write_block(toml)
        first += 2
    else:
        project.write(place, toml)
    [finding] = project.load_all()[1]
    assert finding.code == code
    assert finding.hint
    assert finding.span is not None
    assert finding.span.line == line + first - 1
    text = project.module.read_text() if place == "block" else toml
    shown = text.splitlines()[finding.span.line - 1]
    if marked:
        assert shown[finding.span.column - 1 : finding.span.end_column - 1] == marked
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("toml", "marked"),
    [
        ("[tool]\nheadrace = 3", "headrace"),
        ("[[tool.headrace]]\nimage = 'a:1'", "headrace"),
        ("tool = 3", "tool"),
        ("requires-python = 4", "requires-python"),
        ("dependencies = 3", "dependencies"),
        ("dependencies = ['numpy', 3]", "dependencies"),
    ],
)
def test_what_is_no_table_or_text_beside_the_settings(
    project: Project, toml: str, marked: str
) -> None:
    project.write_block(toml)
    [finding] = project.load_all()[1]
    span = finding.span
    assert span is not None
    line = project.module.read_text().splitlines()[span.line - 1]
    assert (finding.code, line[span.column - 1 : span.end_column - 1]) == ("HR402", marked)


def test_a_project_whose_table_is_none(project: Project) -> None:
    project.write("pyproject.toml", "[tool]\nheadrace = 3")
    [finding] = project.load_all()[1]
    assert (finding.code, str(finding.span)) == ("HR402", "pyproject.toml:2")
    project.write("pyproject.toml", "[tool]\n[project]\nname = 'digits'")
    project.load()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
@pytest.mark.parametrize("name", ["headrace.toml", "pyproject.toml"])
def test_a_configuration_that_is_no_file(project: Project, name: str, kind: str) -> None:
    path = project.folder / name
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(project.folder / "nowhere")
    [finding] = project.load_all()[1]
    assert finding.code == "HR403"
    assert name in finding.message
    assert str(path) in finding.hint


def test_all_that_is_wrong_is_shown_at_once(project: Project) -> None:
    project.write_block("[tool.headrace]\nimgae = 1\nstore = 2")
    project.write("headrace.toml", "targets = 3")
    configuration, findings = project.load_all("gke", "defaults.memory=x", "nonsense", "stroe=1")
    codes = [finding.code for finding in findings]
    assert sorted(codes) == ["HR401", "HR401", "HR402", "HR402", "HR402", "HR402", "HR404"]
    assert configuration.step([]).memory is None


def test_an_unknown_key_names_all_where_none_is_near(project: Project) -> None:
    project.write("headrace.toml", "zzzzzz = 'gke'")
    [finding] = project.load_all()[1]
    known = "accelerators, build, code, defaults, image, pipelines, platform, policy, profiles"
    assert (finding.code, finding.hint) == (
        "HR401",
        f"known here: {known}, schedule, steps, store, targets",
    )


def test_where_a_setting_gets_its_value(project: Project) -> None:
    project.write_block("[tool.headrace.steps.train]\naccelerator = 'l4'")
    project.write(
        "headrace.toml",
        "platform = 'gke'\n[defaults]\naccelerator = 'a'\n[profiles.p]\nplatform = 'eks'\n"
        "steps.train.accelerator = 'b'",
    )

    def place(configuration: Configuration, name: str) -> tuple[str, int] | None:
        span = configuration.place_of([name], "accelerator")
        return (span.path, span.line) if span else None

    plain, profile = project.load(), project.load("p")
    override = project.load("p", "steps.train.accelerator=c", "platform=aks")
    assert place(plain, "train") == ("work/digits.py", 4)
    assert place(profile, "train") == ("headrace.toml", 6)
    assert place(override, "train") == ("--set", 1)
    assert place(override, "other") == ("headrace.toml", 3)
    assert plain.place_of(["train"], "spot") is None
    lines = [c.place_of_all("platform") for c in (plain, profile, override)]
    assert [span and span.line for span in lines] == [1, 5, 2]


def test_an_accelerator_of_the_user(project: Project) -> None:
    project.write(
        "headrace.toml",
        """
[accelerators.ours]
resource = "example.com/gpu"
counts = [1, 2]
node_affinity = [{ key = "gpu", values = ["a"] }, { key = "m", operator = "Exists" }]
spot_tolerations = [{ key = "spot", operator = "Exists" }]
[profiles.big.accelerators.ours]
counts = [8]
""",
    )
    ours = project.load("big").pipeline.accelerators["ours"]
    assert (ours.resource, ours.counts) == ("example.com/gpu", (8,))
    assert [(r.key, r.operator, r.values) for r in ours.node_affinity] == [
        ("gpu", "In", ("a",)),
        ("m", "Exists", ()),
    ]


def test_an_unknown_profile_names_the_nearest(project: Project) -> None:
    project.write("headrace.toml", "[profiles.gke]\nimage = 'a:1'")
    [finding] = project.load_all("gek")[1]
    assert (finding.code, finding.hint) == ("HR404", 'did you mean "gke"?')
    project.write("headrace.toml", "")
    [finding] = project.load_all("gke")[1]
    assert (finding.code, finding.hint) == ("HR404", "add a table [profiles.gke]")


def test_tables_for_unknown_steps(project: Project) -> None:
    project.write("headrace.toml", "[steps.trian]\ncpu = 1\n[profiles.p.steps.other]\ncpu = 1")
    configuration = project.load(None, "steps.evaluate.cpu=1")
    sink = Sink()
    configuration.check_steps({"train", "evaluate"}, sink)
    findings = {f.message: (f.hint, f.span and f.span.line) for f in sink}
    assert findings == {
        'no step is called "trian"': ('did you mean "train"?', 1),
        'no step is called "other"': ("known here: evaluate, train", 3),
    }


def test_overrides_take_toml_and_bare_texts(project: Project) -> None:
    configuration = project.load(
        None, "targets=['argo']", "image=ghcr.io/acme/digits:1", "defaults.retries.limit=3"
    )
    assert configuration.pipeline.targets == ("argo",)
    assert configuration.step([]).image == "ghcr.io/acme/digits:1"
    assert configuration.step([]).retries.limit == 3


def test_a_block_that_is_not_closed(project: Project) -> None:
    project.module.write_text("# /// script\n# dependencies = []\n")
    [finding] = project.load_all()[1]
    assert (finding.code, finding.span and finding.span.line) == ("HR403", 1)


@pytest.mark.parametrize(
    ("requires", "image"),
    [
        (">=3.9", "3.9"),
        (">=3.12,<3.14", "3.12"),
        ("~=3.10", "3.10"),
        ("==3.13.*", "3.13"),
        (">3.11", "3.11"),
        ("<3.13", "3.11"),
        ("<3.11", "3.9"),
        ("!=3.11.*", "3.9"),
    ],
)
def test_the_stock_image_follows_requires_python(
    project: Project, requires: str, image: str
) -> None:
    project.write("pyproject.toml", f"[project]\nrequires-python = '{requires}'")
    assert project.load().stock_image == f"python:{image}-slim"


@pytest.mark.parametrize("requires", [">=4", "three", ">=3.12,<3.12"])
def test_a_requires_python_that_nothing_fits(project: Project, requires: str) -> None:
    project.write_block(f"requires-python = '{requires}'")
    [finding] = project.load_all()[1]
    assert (finding.code, finding.span and finding.span.line) == ("HR402", 3)


def test_every_place_can_be_shown(project: Project) -> None:
    project.write("pyproject.toml", "[tool.headrace\n")
    project.write_block("[tool.headrace]\nimgae = 1")
    configuration, findings = project.load_all(None, "image=a", "stroe=b")
    places = [f.span for f in findings if f.span]
    assert len(places) == 3
    shown = {"work/digits.py": project.module.read_text()} | {
        path: source.text for path, source in configuration.sources.items()
    }
    marked = [shown[p.path].splitlines()[p.line - 1] for p in places]
    assert marked == ["stroe=b", "[tool.headrace", "# imgae = 1"]
