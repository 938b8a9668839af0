"""`headrace image` with a real builder and a registry: what it builds, a step runs in.

Podman comes with the environment of the kfp SDK.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import containers
import example_runs
import image_registry
from containers import Engine
from headrace.compiler.diagnostics import Sink
from headrace.compiler.image_lock import LockedImage, read_lock, write_lock

pytestmark = pytest.mark.kubeflow

HEADRACE = Path(sys.executable).with_name("headrace")
FLOW = """\
from pathlib import Path

from words import split


def read(name: str) -> list[str]:
    Path("seen.txt").write_text(name)
    return split((Path(__file__).parent / "data" / name).read_text())


def pipeline(name: str = "a.txt"):
    return read(name)
"""


class Builds:
    """A project whose image podman builds on an image with this system's Python."""

    def __init__(self, folder: Path, engine: Engine, registry: image_registry.Registry) -> None:
        self.folder = folder
        self.tag = f"{registry.name}/acme/flow:1"
        (folder / "bin").mkdir()
        engine.program(folder / "bin")
        settings = folder / "registries.conf"
        settings.write_text(f'[[registry]]\nlocation = "{registry.name}"\ninsecure = true\n')
        self._environment = os.environ | {
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
            "CONTAINERS_REGISTRIES_CONF": str(settings),
        }
        self.base = f"{registry.name}/python:3.11"
        self.podman("tag", containers.with_python(engine), self.base)
        self.podman("push", "--quiet", self.base)
        self.write("flow.py", FLOW)
        self.write("words.py", "def split(text: str) -> list[str]:\n    return text.split()\n")
        self.write("data/a.txt", "x y")
        self.write(
            "headrace.toml",
            f'image = "{self.tag}"\nbuild = {{ base = "{self.base}", include = ["data"] }}\n',
        )

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def podman(self, *arguments: str) -> str:
        return self._run(str(self.folder / "bin" / "podman"), *arguments)[0]

    def headrace(self, *arguments: str) -> tuple[str, str]:
        return self._run(str(HEADRACE), *arguments)

    def _run(self, *command: str) -> tuple[str, str]:
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr


@pytest.fixture(name="builds", scope="module")
def _builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builds]:
    """One for all tests: each starts with a build, and what was built before is not built again."""
    engine = containers.engine()
    with image_registry.running() as registry:
        yield Builds(tmp_path_factory.mktemp("flow"), engine, registry)


def container_of(folder: Path) -> tuple[str, list[str], dict[str, str]]:
    """Return image, command and variables of the one step in the Argo manifest in `folder`."""
    document = yaml.safe_load((folder / "flow.workflowtemplate.yaml").read_text())
    (container,) = (t["container"] for t in document["spec"]["templates"] if "container" in t)
    run = {p["name"]: p.get("value") for p in document["spec"]["arguments"]["parameters"]}
    variables = {
        variable["name"]: re.sub(
            r"{{workflow.parameters.(.+?)}}", lambda match: run[match[1]], variable["value"]
        )
        for variable in container["env"]
    }
    return container["image"], container["command"], variables


def test_a_step_runs_in_the_image_that_manifests_name_by_its_digest(builds: Builds) -> None:
    out, _ = builds.headrace("image", "flow.py", "--push")
    pushed = re.search(rf"^pushed {builds.tag}(@sha256:[0-9a-f]{{64}})$", out, re.MULTILINE)
    assert pushed, out
    builds.headrace("compile", "flow.py", "--target", "argo")
    image, command, variables = container_of(builds.folder / "manifests" / "argo")
    assert image == builds.tag + pushed[1]
    # Only the registry has it now, and only by its digest.
    builds.podman("rmi", "--force", builds.tag)
    name = image.replace(":1@", "@")
    builds.podman("pull", "--quiet", "--tls-verify=false", name)
    outputs = builds.folder / "outputs"
    outputs.mkdir()
    outputs.chmod(0o777)
    arguments = ["--output=out=/outputs/out", "flow:read", '--name="a.txt"']
    options = ["--rm", "--network=none", f"--volume={outputs}:/outputs"]
    options += [f"--env={name}={value}" for name, value in variables.items()]
    builds.podman("run", *options, name, *command, *arguments)
    assert (outputs / "out").read_text() == '=["x", "y"]'
    assert (outputs / "out").stat().st_uid == 65532
    assert builds.headrace("check", "flow.py", "--target", "argo")[0].startswith("1 manifests")


def test_a_change_of_the_code_builds_the_last_layers_only(builds: Builds) -> None:
    builds.headrace("image", "flow.py")
    builds.write("words.py", "def split(text: str) -> list[str]:\n    return [text]\n")
    steps = builds.headrace("image", "flow.py")[1].split("STEP ")
    cached = {step.split(": ")[1].split("\n")[0]: "Using cache" in step for step in steps[1:]}
    copied = [text for text in cached if text.startswith("COPY code")]
    before = list(cached)[: list(cached).index(copied[0])]
    assert [cached[text] for text in before[1:]] == [True] * (len(before) - 1), cached
    assert not cached[copied[0]]


def test_the_base_stays_what_it_was_until_it_is_upgraded(builds: Builds) -> None:
    base = builds.base.replace("/python:", "/moving:")
    settings = ("--tag", "a/b:1", "--set", f"build.base={base}")

    def dockerfile(*options: str) -> str:
        out = builds.headrace("image", "flow.py", "--print", *settings, *options)[0]
        return next(line for line in out.splitlines() if line.startswith("FROM "))

    def push(image: str) -> None:
        builds.podman("tag", image, base)
        builds.podman("push", "--quiet", base)

    push(containers.PYTHON_IMAGE)
    first = dockerfile()
    assert re.fullmatch(rf"FROM {base}@sha256:[0-9a-f]{{64}}", first)
    lock = read_lock(builds.folder, Sink())
    entry = LockedImage(base=first.removeprefix("FROM "), python="3.11")
    write_lock(builds.folder, {**lock, "a/b:1": entry})
    push(containers.IMAGE)
    assert dockerfile() == first
    assert dockerfile("--upgrade") != first


def test_an_example_with_files_runs_in_its_image(builds: Builds) -> None:
    source = str(example_runs.FOLDER / "word_counts.py")
    settings = ["--set", f"build.base={builds.base}", "--set", "build.include=['corpus/texts']"]
    folder = builds.folder / "context"
    builds.headrace("image", source, *settings, "--out", str(folder))
    builds.podman("build", "--tag", "localhost/words:1", str(folder))
    arguments = ["--output=out=/tmp/out", "corpus.files:read", '--title="zen"']
    program = "import sys; sys.stdout.write(open('/tmp/out').read())"
    shell = f'headrace-step "$@" && python3 -c "{program}"'
    run = ["run", "--rm", "--network=none", "localhost/words:1", "sh", "-c", shell, "-"]
    assert "Beautiful is better than ugly." in builds.podman(*run, *arguments)
