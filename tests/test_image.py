"""`headrace image`: what is built from, what is locked, and what stands in the way."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import environments
from headrace.compiler import driver
from headrace.compiler.cli import main
from headrace.compiler.diagnostics import Sink
from headrace.compiler.image.builders import repository_of
from headrace.compiler.image_lock import LockedImage, read_lock, write_lock
from headrace.compiler.registry import MANIFEST_TARGETS

DIGEST = "sha256:" + "1f" * 32
BASE = f"docker.io/library/python:3.11-slim@{DIGEST}"
FLOW = "def load() -> int:\n    return 1\n\n\ndef pipeline():\n    return load()\n"
NEEDY = f'# /// script\n# dependencies = ["click==8.1.8"]\n# ///\n{FLOW}'

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="run")
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `headrace image` in a folder with `flow.py`, and with no program on PATH but /bin's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    Path("flow.py").write_text(FLOW)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["image", *arguments])
        return code, *capfd.readouterr()

    return run


def program(name: str, script: str) -> None:
    """Put a program on PATH; it keeps its arguments in the file NAME.log."""
    path = Path("bin", name)
    log = f'echo "$@" >> {Path.cwd()}/{name}.log\n'
    path.write_text(f"#!/bin/sh\n{log}{script}")
    path.chmod(0o755)


def log(name: str) -> list[str]:
    return Path(f"{name}.log").read_text().splitlines()


DOCKER = f"""
case "$1 $2" in
    "image inspect") echo '["other/x@sha256:0","docker.io/library/python@{DIGEST}"]' ;;
    build*) for last; do :; done; [ -f "$last/Dockerfile" ] && echo building ;;
esac
"""


def test_the_recipe_has_what_changes_least_first(run: Run) -> None:
    code, out, err = run("flow.py", "--tag", "a/b:1", "--set", f"build.base={BASE}", "--print")
    assert (code, err) == (0, "")
    assert f"\nFROM {BASE}\n" in out
    order = ["COPY shim", "RUN python3 -m compileall -q /opt", "COPY code", "USER 65532:65532"]
    places = [out.index(text) for text in order]
    assert places == sorted(places)
    assert "requirements" not in out


def test_what_is_built_from_is_written_for_others_to_build(run: Run, tmp_path: Path) -> None:
    Path("data").mkdir()
    Path("data/rows.csv").write_text("1\n")
    settings = ("--set", f"build.base={BASE}", "--set", "build.include=['data/*.csv']")
    code, out, _ = run("flow.py", "--tag", "a/b:1", "--out", "context", *settings)
    assert code == 0
    written = {p.relative_to("context").as_posix() for p in Path("context").rglob("*.*")}
    assert {"code/flow.py", "code/data/rows.csv", "shim/lib/headrace/runtime/step.py"} <= written
    assert "wrote context/Dockerfile\n" in out
    assert not Path("headrace.lock").exists()
    step = tmp_path / "context/shim/bin/headrace-step"
    text = step.read_text().replace("/opt/headrace", str(step.parents[1]))
    step.write_text(text)
    done = subprocess.run(
        [sys.executable, "-S", str(step), "--output=out=../out", "flow:load"],
        cwd="context/code",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("context/out").read_text() == "=1"


def test_docker_builds_pushes_and_locks(run: Run, tmp_path: Path) -> None:
    program("docker", DOCKER.replace("docker.io/library/python", "python"))
    Path("headrace.toml").write_text('image = "python:mine"\n')
    code, out, err = run("flow.py", "--platform", "linux/amd64", "--push")
    assert (code, err) == (0, "building\n"), err
    assert out.splitlines() == [
        "built python:mine",
        f"pushed python:mine@{DIGEST}",
        f"wrote {tmp_path}/headrace.lock",
    ]
    stock = "docker.io/library/python:3.11-slim"
    done = [line.replace("--format={{json .RepoDigests}} ", "") for line in log("docker")]
    assert [line.partition(" /")[0] for line in done] == [
        "version",
        f"pull --quiet {stock}",
        f"image inspect {stock}",
        "build --tag python:mine --platform=linux/amd64",
        "push python:mine",
        "image inspect python:mine",
    ]
    locked = read_lock(tmp_path, Sink())["python:mine"]
    assert (locked.digest, locked.base) == (DIGEST, f"{stock}@{DIGEST}")


def test_what_is_locked_is_taken_again(run: Run, tmp_path: Path) -> None:
    Path("flow.py").write_text(NEEDY)
    entry = LockedImage((), BASE, "3.11", ("click==8.1.8",), "click==8.1.8 \\\n    --hash=x\n")
    write_lock(tmp_path, {"a/b:1": entry})
    # Neither a builder nor uv is on PATH.
    code, out, _ = run("flow.py", "--tag", "a/b:1", "--out", "context")
    assert (code, "context/requirements.txt" in out) == (0, True)
    assert Path("context/requirements.txt").read_text() == entry.requirements
    assert f"FROM {BASE}\n" in Path("context/Dockerfile").read_text()
    code, _, err = run("flow.py", "--tag", "a/b:1", "--upgrade", "--print")
    assert (code, "nothing here builds images" in err) == (1, True)
    Path("flow.py").write_text(NEEDY.replace("8.1.8", "8.1.7"))
    code, _, err = run("flow.py", "--tag", "a/b:1", "--print")
    assert (code, "uv, which finds the versions" in err) == (1, True)


def test_uv_finds_versions_and_hashes_that_pip_takes(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("flow.py").write_text(NEEDY)
    monkeypatch.setenv("PATH", str(environments.UV.parent))
    settings = ("--tag", "a/b:1", "--set", f"build.base={BASE}", "--out", "context")
    assert run("flow.py", *settings)[0] == 0
    written = Path("context/requirements.txt").read_text()
    assert "click==8.1.8 \\\n    --hash=sha256:" in written
    assert "COPY requirements.txt" in Path("context/Dockerfile").read_text()
    install = [str(environments.UV), "pip", "install", "--require-hashes", "--quiet"]
    install += ["--target", "there", "--requirement", "context/requirements.txt"]
    subprocess.run([*install, "--python", sys.executable], check=True)
    assert Path("there/click/core.py").is_file()
    # What uv itself locked for the script comes before what it would find now.
    subprocess.run([str(environments.UV), "lock", "--quiet", "--script", "flow.py"], check=True)
    shutil.rmtree("context")
    assert run("flow.py", *settings)[0] == 0
    assert "click==8.1.8" in Path("context/requirements.txt").read_text()
    shutil.rmtree("context")
    assert run("flow.py", *settings, "--set", "store=s3://acme-ml/x")[0] == 0
    requirements = Path("context/requirements.txt").read_text()
    assert "click==8.1.8" in requirements
    assert re.search(r"^obstore==\S+ .*\\\n +--hash=", requirements, re.MULTILINE)
    Path("flow.py").write_text(NEEDY.replace("8.1.8", "8.1.7"))
    code, _, err = run("flow.py", *settings)
    assert (code, "uv cannot lock the dependencies: " in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no image is set: name it with --tag, or in [tool.headrace]"),
        (("--tag", f"a/b:1@{DIGEST}"), "has a digest already"),
        (("--tag", "a/b:1"), "nothing here builds images (docker, podman, buildah: not on PATH)"),
        (("--tag", "a/b:1", "--builder", "buildah"), "(buildah: not on PATH)"),
        (("--tag", "a/b:1", "--print"), "nothing here builds images"),
        (("--tag", "a:1", "--print", "--set", "build.include=['x*']"), "is called 'x*'"),
        (("other.py", "--tag", "a:1"), "several of requires-python: 3.11, 3.12"),
        (("same/flow.py", "--tag", "a:1", "--print"), "two different files would be flow.py"),
    ],
)
def test_what_stands_in_the_way(run: Run, arguments: tuple[str, ...], said: str) -> None:
    Path("other.py").write_text(f'# /// script\n# requires-python = ">=3.12"\n# ///\n{FLOW}')
    Path("same").mkdir()
    Path("same/flow.py").write_text(f"{FLOW}\n")
    base = ("--set", f"build.base={BASE}") if "a:1" in arguments else ()
    code, out, err = run("flow.py", *arguments, *base)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_a_builder_that_does_not_work_is_passed_over(run: Run) -> None:
    program("docker", 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    code, _, err = run("flow.py", "--tag", "a/b:1")
    assert (code, "docker does not work: Cannot connect" in err) == (1, True)
    program("podman", DOCKER)
    assert run("flow.py", "--tag", "a/b:1")[0] == 0
    assert [line.partition(" ")[0] for line in log("podman")][:2] == ["version", "pull"]


def test_a_base_that_cannot_be_pulled_names_the_way_out(run: Run) -> None:
    program("docker", '[ "$1" = version ] || { echo "no such host" >&2; exit 1; }')
    code, _, err = run("flow.py", "--tag", "a/b:1")
    assert code == 1
    assert "docker cannot pull docker.io/library/python:3.11-slim: no such host; give" in err
    program("docker", '[ "$1" != build ]')
    code, _, err = run("flow.py", "--tag", "a/b:1", "--set", f"build.base={BASE}")
    assert (code, err) == (1, "Error: docker build failed with exit code 1\n")
    assert not Path("headrace.lock").exists()


@pytest.mark.parametrize("pattern", ["../x", "/etc/*", "a/../../b", "~/x"])
def test_files_from_outside_of_the_project_are_refused(run: Run, pattern: str) -> None:
    code, _, err = run("flow.py", "--tag", "a:1", "--set", f"build.include=['{pattern}']")
    assert (code, "HR402" in err, "leads out of the project" in err) == (1, True, True)


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("a", "a"),
        ("a:1", "a"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("localhost:5000/a/b:1", "localhost:5000/a/b"),
        (f"x.io/a:1@{DIGEST}", "x.io/a"),
    ],
)
def test_the_repository_of_an_image(image: str, repository: str) -> None:
    assert repository_of(image) == repository


# --- the lock, as compilations read it -----------------------------------------------------------


def findings(folder: Path, *settings: str) -> list[str]:
    compilation = driver.compile_source(folder / "flow.py", settings=settings)
    driver.emit(compilation, MANIFEST_TARGETS)
    return [f"{each.code}: {each.message}" for each in driver.findings(compilation)]


def test_the_lock_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    text = "a==1 ; x == \"y\" and z != 'w' \\\n    --hash=sha256:0\n"
    images = {
        "b/c:1": LockedImage(("sha256:0", "sha256:1"), BASE, "3.12", ('a ; x == "\\"',), text),
        "a/b": LockedImage(digest=DIGEST),
    }
    write_lock(tmp_path, images)
    sink = Sink()
    assert read_lock(tmp_path, sink) == images
    assert not list(sink)
    first = (tmp_path / "headrace.lock").read_bytes()
    write_lock(tmp_path, dict(reversed(images.items())))
    assert (tmp_path / "headrace.lock").read_bytes() == first


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
def test_manifests_name_an_image_by_its_digest(tmp_path: Path, target: str) -> None:
    (tmp_path / "flow.py").write_text(FLOW)

    def text(image: str) -> str:
        compilation = driver.compile_source(tmp_path / "flow.py", settings=(f"image={image}",))
        return driver.emit(compilation, [target])[target][0].text

    write_lock(tmp_path, {"x.io/a/b:1": LockedImage(digest=DIGEST), "x.io/c:1": LockedImage()})
    assert f"x.io/a/b:1@{DIGEST}" in text("x.io/a/b:1")
    assert DIGEST not in text("x.io/a/b:2") + text("x.io/c:1")
    other = DIGEST.replace("1f", "2e")
    assert f"x.io/a/b:1@{other}" in text(f"x.io/a/b:1@{other}")


def test_an_image_with_other_code_is_told(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    pipeline = driver.compile_source(tmp_path / "flow.py").pipeline
    assert pipeline is not None
    write_lock(tmp_path, {"a/b:1": LockedImage(("sha256:0", pipeline.code.digest), digest=DIGEST)})
    assert findings(tmp_path, "image=a/b:1") == []
    (tmp_path / "flow.py").write_text(FLOW.replace("1", "2"))
    [found] = findings(tmp_path, "image=a/b:1")
    assert found.startswith("HR409: the image a/b:1 holds other code than this")
    assert findings(tmp_path, "image=a/b:1", "code=inline") == []
    assert findings(tmp_path, "image=a/b:2") == findings(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "version = 2\n",
        "images = 1\nversion = 1\n",
        "version = 1\n[images.a]\ndigset = 'x'\n",
        "version = 1\n[images]\na = 'x'\n",
        "version = 1\n[images.a]\ndigest = 1\n",
        "version = 1\n[images.a]\ncode = [1]\n",
        "version = \n",
        "\xff",
    ],
)
def test_a_lock_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "headrace.lock").write_bytes(text.encode("latin-1"))
    [found] = findings(tmp_path, "image=a:1")
    assert found.startswith("HR403: cannot read headrace.lock: ")


def test_the_lock_is_part_of_what_a_cached_answer_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADRACE_CACHE_DIR", str(tmp_path / "cache"))
    Path("flow.py").write_text(FLOW)
    command = ["compile", "flow.py", "--target", "argo", "--set", "image=a:1"]
    for digest in (None, DIGEST):
        write_lock(tmp_path, {"a:1": LockedImage(digest=digest)})
        assert main(command) == 0
        manifest = Path("manifests/argo/flow.workflowtemplate.yaml").read_text()
        assert (DIGEST in manifest) == (digest is not None)
    capfd.readouterr()
    assert os.listdir("cache")
