"""The generated parts of the README; python tests/readme.py rewrites those of all pages."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import language_page
from conformance import page as conformance_page
from faults import page as faults_page
from marked_parts import between

README = Path(__file__).resolve().parent.parent / "README.md"
HEADRACE = Path(sys.executable).with_name("headrace")
EXAMPLE = README.parent / "examples" / "digits_torch.py"
_ON_GKE = "platform=gke steps.train.accelerator=a100"
MOVES = (
    (_ON_GKE, "platform=gke steps.train.accelerator=tpu-v5e:2x4"),
    (_ON_GKE, "platform=eks steps.train.accelerator=a100"),
)
"""Settings before a word changed, and after it."""

_MARK = "shout:shout"
_LINES_BEFORE, _LINES_AFTER = 6, 4


def filled(text: str) -> str:
    """Return `text`, a README, with its generated parts as they should be now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shout.py").write_text(example(text))
        headrace("compile", "shout.py", folder=folder)
        excerpts = "\n".join(_excerpt(path, folder) for path in _manifests(folder))
        table = headrace("targets", folder=folder)
        moves = "\n".join(_move(*words, folder) for words in MOVES)
    parts = {"outputs": excerpts, "capabilities": table, "moves": moves}
    for name, content in parts.items():
        text = between(text, name, content)
    return text


def _move(before: str, after: str, folder: Path) -> str:
    """Return the command that shows a step of an example moved by a word, and what it prints."""
    shutil.copy(EXAMPLE, folder)
    name, target = EXAMPLE.name, ["--target", "argo"]
    old, new = ([f"--set={word}" for word in words.split()] for words in (before, after))
    headrace("compile", name, *target, *old, folder=folder)
    changed = headrace("diff", name, *target, *new, folder=folder, code=1)
    shown = " ".join(f"--set {word}" for word in after.split())
    return f"```console\n$ headrace diff {name} --target argo {shown}\n{changed}```\n"


def example(text: str) -> str:
    """Return the README's first Python block."""
    return text.partition("```python\n")[2].partition("```")[0]


def headrace(*arguments: str, folder: Path, code: int = 0) -> str:
    """Run `headrace` in `folder` and return what it printed; `code` is its exit code."""
    command = [str(HEADRACE), *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != code:
        raise RuntimeError(result.stderr)
    return result.stdout


def _manifests(folder: Path) -> list[Path]:
    targets = [folder / "manifests" / target for target in ("argo", "kubeflow", "airflow")]
    paths = [path for target in targets for path in sorted(target.iterdir())]
    return [path for path in paths if not path.name.endswith(".configmap.yaml")]


def _excerpt(path: Path, folder: Path) -> str:
    lines = path.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if _MARK in line)
    shown = [path.relative_to(folder), *lines[max(0, at - _LINES_BEFORE) : at + _LINES_AFTER]]
    language = "python" if path.suffix == ".py" else "yaml"
    return f"```{language}\n# " + "\n".join(map(str, shown)) + "\n```\n"


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
    language_page.PAGE.write_text(language_page.filled(language_page.PAGE.read_text()))
    conformance_page.PAGE.write_text(conformance_page.filled(conformance_page.PAGE.read_text()))
    faults_page.PAGE.write_text(faults_page.filled(faults_page.PAGE.read_text()))
