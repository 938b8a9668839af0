"""What `pip install .` gives to someone who has no checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from headrace.compiler.codes import CODES

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(pip, check=True)
    return folder / "bin"


def test_the_wheel_holds_the_packages_and_their_data_only(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    in_packages = {name for name in names if name.startswith("headrace/")}
    assert all(".dist-info/" in name for name in names - in_packages)
    expected = {
        f"headrace/{path.relative_to(ROOT)}"
        for folder in ("compiler", "targets", "runtime")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".jinja2", ".json"} or path.name == "py.typed"
    }
    assert in_packages == expected
    assert f"headrace/compiler/explanations/{min(CODES)}.md" in in_packages
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_commands_work_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    module = tmp_path / "hello.py"
    module.write_text(
        'def greet(name: str) -> str:\n    return f"hello {name}"\n\n\n'
        'def pipeline(name: str = "world"):\n    return greet(name)\n'
    )

    def headrace(*arguments: str) -> str:
        command = [str(installed / "headrace"), *arguments]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout

    assert headrace("--version") == "headrace 0.1.0\n"
    assert headrace("explain", "HR101").startswith("# HR101")
    assert headrace("run", "hello.py", "--param", "name=Ada") == "hello Ada\n"
    headrace("compile", "hello.py")
    folders = {path.parent.name for path in (tmp_path / "manifests").rglob("*.*")}
    assert folders == {"argo", "kubeflow", "airflow"}
    headrace("check", "hello.py")


def test_the_bare_folder_names_are_not_importable(installed: Path, tmp_path: Path) -> None:
    for name in ("compiler", "targets", "runtime"):
        result = subprocess.run(
            [str(installed / "python"), "-c", f"import {name}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ModuleNotFoundError" in result.stderr


def test_the_shim_starts_with_the_standard_library_only(installed: Path, tmp_path: Path) -> None:
    program = "import sys, headrace.runtime.step; print(*sys.modules)"
    result = subprocess.run(
        [str(installed / "python"), "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    allowed = set(sys.stdlib_module_names) | {
        "headrace",
        "__main__",
        "__mp_main__",
        "_distutils_hack",
    }
    assert {name for name in loaded if not name.startswith("_")} <= allowed
