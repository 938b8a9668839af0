"""The packages of an image: every version and every hash, found by uv."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from headrace.compiler.image.recipe import RecipeError

_NO_UV = (
    "uv, which finds the versions and hashes of dependencies, is not on PATH: "
    "https://docs.astral.sh/uv/getting-started/installation/"
)


def locked_requirements(
    dependencies: Sequence[str], python: str, script: Path | None, further: Sequence[str] = ()
) -> str:
    """Return the lines of a requirements file with hashes for `dependencies` on Python `python`.

    Where `script`, the one module of the image, has a lock file of uv's own beside it, which
    `uv lock --script` wrote, its versions are taken. It knows nothing of the `further` ones of
    `dependencies`, which are not the module's own. The lines serve every platform.

    Raises:
        RecipeError: uv is not there, or finds no versions that fit.
    """
    if not dependencies:
        return ""
    uv = shutil.which("uv")
    if uv is None:
        raise RecipeError(_NO_UV)
    exported = ""
    if script is not None and script.with_name(f"{script.name}.lock").is_file():
        command = [uv, "export", "--script", str(script), "--locked", "--no-annotate"]
        exported = _output([*command, "--no-header"], "")
        if not further:
            return exported
    command = [uv, "pip", "compile", "--universal", "--generate-hashes", "--no-annotate"]
    command += ["--no-header", "--quiet", "--python-version", python]
    with NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write(exported)
        constraints.flush()
        command += ["--constraint", constraints.name, "-"]
        return _output(command, "\n".join(dependencies) + "\n")


def _output(command: Sequence[str], given: str) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise RecipeError(f"uv cannot lock the dependencies: {said}")
    return done.stdout
