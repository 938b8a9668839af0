"""Code that travels in ConfigMaps: what they hold, who mounts them, what a step makes of it."""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import config_maps
from headrace.compiler import driver
from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.runtime import code
from headrace.runtime.inline import key_of, path_of
from headrace.targets import inline_code

ROOT = Path(__file__).resolve().parents[2]
FLOW = """\
from pkg.words import split


def where(text: str) -> list[str]:
    return split(text)


def pipeline(text: str = "a b"):
    return where(text)
"""
SMALL = "def f():\n    return 1\n\n\ndef pipeline():\n    return f()\n"
MODULES = {
    "flow.py": FLOW.encode(),
    "pkg/__init__.py": b"",
    # Nothing may be lost of it: line ends, tabs, spaces, other scripts, what YAML cannot show.
    "pkg/words.py": "\ufeff# é \u2028 x\r\nimport pkg.größe, pkg.old  \n\ndef split(text):\n"
    "\tif text:\n\t\treturn text.split()\n\treturn []\n\n\n".encode(),
    "pkg/größe.py": "NAME = '漢字'   \n   \nX = 1".encode(),
    "pkg/old.py": b"# coding: latin-1\nNAME = '\xe9'\n",
}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def emitted(folder: Path, *settings: str) -> dict[str, dict[str, str]]:
    """Return the texts of the files of each target, by name; no finding may be an error."""
    compilation = driver.compile_source(folder / "flow.py", settings=settings)
    files = driver.emit(compilation, MANIFEST_TARGETS)
    assert not compilation.diagnostics.failed, list(compilation.diagnostics)
    return {target: {file.name: file.text for file in files[target]} for target in files}


def found(folder: Path, *settings: str) -> list[str]:
    compilation = driver.compile_source(folder / "flow.py", settings=settings)
    driver.emit(compilation, MANIFEST_TARGETS)
    return [f"{d.code} {d.span}: {d.message}" for d in driver.findings(compilation)]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return write(tmp_path / "project", MODULES)


NAMES = st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True)


@given(st.lists(NAMES, min_size=1, max_size=4).map("/".join))
def test_a_key_is_legal_and_stands_for_one_path(path: str) -> None:
    key = key_of(f"{path}.py")
    assert key.isascii()
    assert not set(key) - set("-._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    assert "/".join(path_of(key)) == f"{path}.py"


def test_the_sources_are_there_byte_for_byte_and_the_same_on_every_target(folder: Path) -> None:
    files = emitted(folder)
    for target in MANIFEST_TARGETS:
        assert files[target]["flow.configmap.yaml"] == files["argo"]["flow.configmap.yaml"]
    (held,) = config_maps.in_files([files["argo"]["flow.configmap.yaml"]]).values()
    assert {"/".join(path_of(key)): content for key, content in held.items()} == MODULES


def test_people_read_the_sources_as_lines(folder: Path) -> None:
    text = emitted(folder)["argo"]["flow.configmap.yaml"]
    assert "  flow.py: |\n    from pkg.words import split\n" in text
    assert "  pkg.gr-f6--df-e.py: |-\n    NAME = '漢字'   \n" in text


def test_the_shim_is_all_that_a_step_may_import_of_it() -> None:
    (held,) = config_maps.in_files(
        [file.text for file in inline_code.config_map_files(_inline_pipeline(), "x")][1:]
    ).values()
    runtime = {path.name: path.read_bytes() for path in (ROOT / "runtime").glob("*.py")}
    assert held.pop("headrace-step") == runtime.pop("inline.py")
    travelling = {path_of(key)[-1]: content for key, content in held.items()}
    assert travelling.items() <= runtime.items()
    imported = {name for content in travelling.values() for name in _own_imports(content)}
    assert {f"{name}.py" for name in imported} <= travelling.keys()
    # What is left behind would only make the ConfigMap larger.
    assert runtime.keys() - travelling.keys() == {"fork.py", "forkserver.py", "zygote.py"}


def _inline_pipeline() -> Any:
    compilation = driver.compile_source(ROOT / "tests/conformance/cases/a_step.py")
    return compilation.pipeline


def _own_imports(content: bytes) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.ImportFrom) and node.module == "headrace.runtime":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("headrace."):
            found.add((node.module or "").split(".")[2])
    return found


def mounts(target: str, texts: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the program of the one step, and the ConfigMap that it finds in each folder."""
    if target == "argo":
        spec = yaml.safe_load(texts["flow.workflowtemplate.yaml"])["spec"]
        (container,) = (t["container"] for t in spec["templates"] if "container" in t)
        maps = {v["name"]: v["configMap"]["name"] for v in spec.get("volumes", ())}
        mounted = container.get("volumeMounts", ())
        return container["command"], {m["mountPath"]: maps[m["name"]] for m in mounted}
    if target == "kubeflow":
        spec, platform = yaml.safe_load_all(texts["flow.yaml"])
        (executor,) = spec["deploymentSpec"]["executors"].values()
        kubernetes = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        (config,) = kubernetes.values()
        return executor["container"]["command"], {
            each["mountPath"]: each["configMapName"]
            for each in config.get("configMapAsVolume", ())
            if each["configMapNameParameter"]["runtimeValue"]["constant"] == each["configMapName"]
        }
    return _airflow_mounts(texts["flow.py"])


def _airflow_mounts(text: str) -> tuple[list[str], dict[str, str]]:
    """Read the DAG file as far as literals tell."""
    assigned = {
        node.targets[0].id: node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    given: dict[str, ast.expr] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            keys = [k.value for k in node.keys if isinstance(k, ast.Constant)]
            if "cmds" in keys:
                given = dict(zip(keys, node.values, strict=True))  # type: ignore[arg-type]
    program = ast.literal_eval(given["cmds"])
    if "volumes" not in given:
        return program, {}
    texts = [
        [str(n.value) for n in ast.walk(call) if isinstance(n, ast.Constant)]
        for name in ("CODE_VOLUMES", "CODE_MOUNTS")
        for call in assigned[name].elts  # type: ignore[attr-defined]
    ]
    half = len(texts) // 2
    maps = dict(texts[:half])
    return program, {path: maps[volume] for volume, path in texts[half:]}


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
def test_a_step_mounts_what_stands_beside_its_manifest(folder: Path, target: str) -> None:
    files = emitted(folder)[target]
    program, mounted = mounts(target, files)
    assert program == ["python3", "/headrace/step/headrace-step"]
    held = config_maps.in_files(files.values())
    assert set(mounted) == {"/headrace/step", "/headrace/code"}
    assert "headrace-step" in held[mounted["/headrace/step"]]
    assert "flow.py" in held[mounted["/headrace/code"]]
    assert mounted == mounts("argo", emitted(folder)["argo"])[1]


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
def test_an_image_with_the_code_mounts_nothing(folder: Path, target: str) -> None:
    files = emitted(folder, "image=a:1")[target]
    assert mounts(target, files) == (["headrace-step"], {})
    assert not [name for name in files if "configmap" in name]


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
def test_code_may_travel_to_an_image_that_is_set(folder: Path, target: str) -> None:
    files = emitted(folder, "image=a:1", "code=inline")[target]
    assert mounts(target, files) == mounts(target, emitted(folder)[target])
    assert any("a:1" in text for text in files.values())
    assert "python:3" not in "".join(t for n, t in files.items() if "configmap" not in n)


TWO = """\
def f():
    return 1


def g(a):
    return a


def pipeline():
    return g(g(f()))
"""


@pytest.mark.parametrize(("name", "inline"), [("f", False), ("g", False), ("f", True)])
def test_steps_with_and_without_an_image_of_their_own(
    folder: Path, name: str, inline: bool
) -> None:
    """One of them has an image, or an image with its code elsewhere."""
    (folder / "flow.py").write_text(TWO)
    settings = (f"steps.{name}.image=a:1", *([f"steps.{name}.code=inline"] if inline else []))
    files = emitted(folder, *settings)
    documents = yaml.safe_load(files["argo"]["flow.workflowtemplate.yaml"])["spec"]
    containers = [t["container"] for t in documents["templates"] if "container" in t]
    for container in containers:
        travels = inline or container["image"] != "a:1"
        assert ("volumeMounts" in container) == travels
        assert (container["command"][0] == "python3") == travels
    with_image = {"f": 1, "g": 2}[name] * (not inline)
    dag = files["airflow"]["flow.py"]
    compile(dag, "flow.py", "exec")
    assert dag.count("volumes=None,") + dag.count("volumes=CODE_VOLUMES,") == min(
        with_image, 3 - with_image
    )
    assert ('"volumes": CODE_VOLUMES,' in dag) == (with_image < 2)
    platform = list(yaml.safe_load_all(files["kubeflow"]["flow.yaml"]))[1]
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    assert sum("configMapAsVolume" not in each for each in executors) == with_image


def test_a_new_version_has_config_maps_of_its_own_and_the_shim_stays(folder: Path) -> None:
    first = emitted(folder)["argo"]
    assert emitted(folder)["argo"] == first
    (folder / "pkg/größe.py").write_text("NAME = 'other'")
    second = emitted(folder)["argo"]
    names = [mounts("argo", files)[1] for files in (first, second)]
    assert names[0]["/headrace/code"] != names[1]["/headrace/code"]
    assert names[0]["/headrace/step"] == names[1]["/headrace/step"]
    # The same bytes, moved: the digest of the code does not tell, the name does.
    (folder / "pkg/old").mkdir()
    (folder / "pkg/old.py").rename(folder / "pkg/old/__init__.py")
    third = mounts("argo", emitted(folder)["argo"])[1]
    assert third["/headrace/code"] != names[1]["/headrace/code"]


def test_names_of_config_maps_are_legal_for_volumes(tmp_path: Path) -> None:
    (tmp_path / f"{'long_' * 11}name.py").write_text(SMALL)
    compilation = driver.compile_source(next(tmp_path.glob("*.py")))
    assert compilation.pipeline is not None
    for name in inline_code.config_map_names(compilation.pipeline).values():
        assert len(name) <= 63
        assert name.replace("-", "").isalnum()


def test_sources_that_do_not_fit_are_refused(folder: Path) -> None:
    size = sum(map(len, MODULES.values()))
    (folder / "flow.py").write_text(FLOW + "#" * (1_048_576 - size))
    assert found(folder) == []
    (folder / "flow.py").write_text(FLOW + "#" * (1_048_576 - size + 1))
    message = (
        "the sources of the pipeline have 1,048,577 bytes; a ConfigMap takes at most 1,048,576"
    )
    assert found(folder) == [f"HR511 flow.py:8: {message}"]
    assert found(folder, "image=a:1") == []


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("import numpy.linalg as la", "numpy"),
        ("from torch.nn import Linear\nimport yaml, numpy", "numpy, torch, yaml"),
        ("import os, json\nfrom . import x", ""),
        ("try:\n    import numpy\nexcept ImportError:\n    pass", ""),
        ("import a, b, c, d, e, f", "a, b, c, d and 2 more"),
        ("import pkg.größe", ""),
    ],
)
def test_packages_that_the_stock_image_lacks(folder: Path, written: str, message: str) -> None:
    (folder / "pkg/old.py").write_text(written)
    text = f"no image is set, and the stock Python image lacks {message}"
    assert found(folder) == ([f"HR406 flow.py:8: {text}"] if message else [])
    assert found(folder, "image=a:1") == found(folder, "image=a:1", "code=inline") == []


def test_declared_packages_are_named_as_they_are_declared(folder: Path) -> None:
    block = '# /// script\n# dependencies = ["scikit-learn>=1.4"]\n# ///\nimport sklearn\n'
    (folder / "flow.py").write_text(block + FLOW)
    assert "lacks scikit-learn>=1.4" in found(folder)[0]


def test_files_beside_a_module_do_not_travel(folder: Path) -> None:
    (folder / "pkg/old.py").write_text("import os\nHERE = os.path.dirname(__file__)\n")
    text = "only modules travel in the manifest: a file beside this one is not there"
    assert found(folder) == [f"HR408 pkg/old.py:2: {text}"]
    assert found(folder, "image=a:1") == []
    assert found(folder, "image=a:1", "code=inline") == [f"HR408 pkg/old.py:2: {text}"]


# --- the starter ---------------------------------------------------------------------------------


class Container:
    """The folders of a container that has the ConfigMaps of a pipeline, and Python."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        files = emitted(folder)["argo"]
        self.folders = config_maps.mounted(files.values(), root / "headrace")
        pipeline = yaml.safe_load(files["flow.workflowtemplate.yaml"])
        self.digest = pipeline["metadata"]["annotations"]["headrace.dev/code"]
        self.tmp = root / "tmp"
        self.tmp.mkdir()

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        starter = self.folders[config_maps.SHIM_FOLDER] / "headrace-step"
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.tmp),
            "HEADRACE_CODE": self.digest,
            "HEADRACE_MODULES": "flow,pkg,pkg.words,pkg.größe,pkg.old",
            "HEADRACE_TERMINATION_LOG": str(self.root / "message"),
            **variables,
        }
        (self.root / "message").touch()
        return subprocess.run(
            # Nothing of this checkout is in the container: no site-packages, no user's folder.
            [sys.executable, "-S", str(starter), *arguments],
            cwd="/",
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture(name="container")
def _container(tmp_path: Path, folder: Path) -> Container:
    return Container(tmp_path / "container", folder)


def test_a_step_runs_where_there_is_python_alone(container: Container) -> None:
    output = container.root / "out"
    arguments = ("--step=where", f"--output=out={output}", "flow:where", '--text="x y"')
    for _ in range(2):  # a second one finds the folder of the first
        done = container.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert output.read_text() == '=["x", "y"]'
        output.unlink()
    assert sorted(path.name.rpartition("-")[0] for path in container.tmp.iterdir()) == [
        "headrace",
        "headrace-step",
    ]


def test_other_code_than_the_manifest_s_is_refused(container: Container) -> None:
    done = container.run("--output=out=x", "flow:where", '--text=""', HEADRACE_CODE="sha256:0")
    assert done.returncode == 65
    assert "not the code that the manifest was compiled from" in done.stderr


def test_the_modules_stand_as_in_the_project(tmp_path: Path) -> None:
    flow = (
        "import os, subprocess, sys\nfrom pathlib import Path\nimport pkg.words\n\n\n"
        "def look() -> list[str]:\n"
        "    Path('made.txt').write_text('x')\n"
        "    child = subprocess.run([sys.executable, '-c', 'import pkg.words as w; print(w.X)'],\n"
        "        capture_output=True, text=True, check=True)\n"
        "    here = Path(pkg.words.__file__)\n"
        "    return [*os.listdir(), child.stdout, *here.parts[-3:], str(here.resolve() == here)]\n"
        "\n\ndef pipeline():\n    return look()\n"
    )
    files = {"flow.py": flow.encode(), "pkg/__init__.py": b"", "pkg/words.py": b"X = 'found'\n"}
    container = Container(tmp_path / "container", write(tmp_path / "project", files))
    output = container.root / "out"
    modules = "flow,pkg,pkg.words"
    done = container.run(f"--output=out={output}", "flow:look", HEADRACE_MODULES=modules)
    assert (done.returncode, done.stderr) == (0, "")
    assert output.read_text() == ('=["made.txt", "found\\n", "code", "pkg", "words.py", "True"]')


def test_an_exception_is_the_user_s_and_shows_no_frame_of_the_starter(tmp_path: Path) -> None:
    flow = "def fail():\n    raise ValueError('no')\n\n\ndef pipeline():\n    return fail()\n"
    container = Container(tmp_path / "c", write(tmp_path / "p", {"flow.py": flow.encode()}))
    done = container.run("--output=out=x", "flow:fail", HEADRACE_MODULES="flow")
    assert done.returncode == 1
    at = f'  File "{container.tmp}/headrace-step/code/flow.py", line 2, in fail'
    assert done.stderr.splitlines()[:2] == ["Traceback (most recent call last):", at]
    assert (container.root / "message").read_text() == "ValueError: no"


def test_a_container_that_cannot_be_written_says_so(container: Container) -> None:
    done = container.run("flow:where", TMPDIR=str(container.root / "nowhere"))
    assert done.returncode == 64
    assert done.stderr.startswith("headrace-step: cannot unfold the mounted code: [Errno 2] ")
    assert (container.root / "message").read_text() == done.stderr[len("headrace-step: ") : -1]


def test_the_starter_needs_no_newer_python_than_the_shim() -> None:
    source = (ROOT / "runtime" / "inline.py").read_text()
    ast.parse(source, feature_version=(3, 9))
    assert code.digest({"x": b""}).startswith("sha256:")
