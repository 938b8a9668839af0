"""Which way imports run, how large things get, and that nothing is left out of the tables."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.compiler.capabilities import Feature
from headrace.compiler.codes import CODES, explanation
from headrace.compiler.registry import MANIFEST_TARGETS, TARGETS, load_target

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("compiler", "targets", "runtime")
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def test_import_contracts() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("module", list(modules("runtime")), ids=lambda path: path.name)
def test_the_runtime_needs_python_3_9_and_nothing_else(module: Path) -> None:
    tree = ast.parse(module.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            own = name == "headrace.runtime" or name.startswith("headrace.runtime.")
            optional = name.partition(".")[0] in _OPTIONAL and _is_inside_a_function(tree, node)
            standard = name.partition(".")[0] in sys.stdlib_module_names
            assert own or optional or standard, f"{module.name} imports {name}"


_OPTIONAL = {"numpy", "obstore", "pandas", "polars", "torch", "pyarrow"}
"""Packages whose values a codec may meet, and the client of buckets; imported on use only."""


def _is_inside_a_function(tree: ast.Module, node: ast.AST) -> bool:
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    return any(node in ast.walk(function) for function in functions)


def test_what_the_documents_say_of_sizes_options_and_commands_is_so() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    assert f"Functions of {LONGEST_FUNCTION} lines or fewer, modules of {LONGEST_MODULE}" in (
        contributing
    )
    options = set(re.findall(r'"(--[a-z-]+)"', (ROOT / "tests/conftest.py").read_text()))
    assert options - {"--update-golden"} == set(re.findall(r"`(--[a-z-]+)", contributing))
    [spelled] = re.findall(r"--output=out=(\S+)", (ROOT / "docs/architecture.md").read_text())
    manifest = (ROOT / "golden/digits/argo/digits.workflowtemplate.yaml").read_text()
    assert f"--output=out={spelled}\n" in manifest


@pytest.mark.parametrize("folder", FOLDERS)
def test_functions_and_modules_stay_small(folder: str) -> None:
    too_long = []
    for module in modules(folder):
        text = module.read_text()
        lines = len(text.splitlines())
        if lines > LONGEST_MODULE:
            too_long.append(f"{module.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    too_long.append(f"{module.relative_to(ROOT)}: {node.name}: {lines} lines")
    assert too_long == []


def test_every_folder_with_code_is_in_the_wheel() -> None:
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    found = {
        ".".join(("headrace", *module.parent.relative_to(ROOT).parts))
        for module in modules(*FOLDERS)
    }
    assert listed == found


def test_every_target_has_a_row_and_a_folder() -> None:
    folders = {p.name for p in (ROOT / "targets").iterdir() if (p / "capabilities.py").is_file()}
    assert set(TARGETS) == folders
    assert set(MANIFEST_TARGETS) == set(TARGETS) - {"local"}


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_lists_every_feature(name: str) -> None:
    capabilities = load_target(name).capabilities
    assert capabilities.name == name
    assert set(capabilities.features) == set(Feature)
    assert all(support.how for support in capabilities.features.values())


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    pages = {page.stem for page in (ROOT / "compiler" / "explanations").glob("*.md")}
    assert pages == set(CODES)
    for code, meaning in CODES.items():
        assert explanation(code).startswith(f"# {code}: {meaning.title}\n\n```python\n")


def test_every_code_that_is_used_is_in_the_table() -> None:
    used = {
        node.value
        for module in modules("compiler", "targets")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(node.value) == 5
        and node.value.startswith("HR")
        and node.value[2:].isdecimal()
    }
    assert used == set(CODES)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _hint(node: ast.Call) -> ast.expr | None:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    position = {"Refused": 1, "error": 3}.get(_called(node), len(node.args))
    return given.get("hint", node.args[position] if position < len(node.args) else None)


def test_every_diagnostic_has_a_way_out() -> None:
    reports = [
        (f"{module.relative_to(ROOT)}:{node.lineno}", _hint(node))
        for module in modules("compiler", "targets")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call)
        and _called(node) in {"report", "error", "Diagnostic", "Refused"}
    ]
    assert len(reports) > 100
    without = [
        place
        for place, hint in reports
        if hint is None
        or any(isinstance(part, ast.Constant) and part.value == "" for part in ast.walk(hint))
    ]
    assert without == []


def test_the_command_line_starts_without_the_compiler() -> None:
    program = "import sys; from headrace.compiler.cli import application; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"msgspec", "jinja2", "yaml", "rich", "libcst", "headrace.compiler.ir"}
    assert heavy & set(loaded) == set()
