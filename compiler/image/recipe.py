"""What an image is built from: the Dockerfile, and the files beside it."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

USER = 65532
"""The user and the group of steps, which have no rights; `nonroot` of other images too."""

_TIME = 315_532_800
"""When each file was changed, in seconds: 1980, always, so that builders know what they built."""

_STEP = """\
#!/usr/bin/env python3
import sys

sys.path[0] = "/opt/headrace/lib"

from headrace.runtime.step import main

sys.exit(main())
"""

_REQUIREMENTS = """
COPY requirements.txt /opt/headrace/requirements.txt
RUN PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \\
    python3 -m pip install --no-cache-dir --require-hashes \\
    --requirement /opt/headrace/requirements.txt
"""

_DOCKERFILE = """\
# Written by `headrace image` for {names}: change that, not this file.
FROM {base}

# What changes least comes first: packages, the shim that runs a step, the code.{requirements}
COPY shim /opt/headrace
RUN python3 -m compileall -q /opt/headrace/lib && mkdir -m 1777 /work

COPY code /app
RUN python3 -m compileall -q /app

ENV PATH=/opt/headrace/bin:$PATH PYTHONPATH=/app
WORKDIR /work
USER {user}:{user}
"""


class RecipeError(Exception):
    """An image cannot be made of what is there; the text says why and what to do."""


@dataclass(frozen=True)
class Recipe:
    """An image to build: `files` has the content of each file by its path, and its mode."""

    dockerfile: str
    files: Mapping[str, tuple[bytes, int]]

    def write(self, folder: Path) -> None:
        """Write the Dockerfile and the files into `folder`.

        Raises:
            OSError: one cannot be written.
        """
        whole = {**self.files, "Dockerfile": (self.dockerfile.encode(), 0o644)}
        for name, (content, mode) in whole.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
            os.utime(path, (_TIME, _TIME))


def recipe(names: Iterable[str], base: str, requirements: str, code: Mapping[str, bytes]) -> Recipe:
    """Return the recipe of an image for the pipelines called `names`.

    `requirements` is what pip installs, with hashes; `code` has each file of the project by its
    path below the import root.
    """
    found = {f"code/{path}": (content, 0o644) for path, content in code.items()}
    found["shim/bin/headrace-step"] = (_STEP.encode(), 0o755)
    for file in files("headrace.runtime").iterdir():
        if file.name.endswith(".py"):
            found[f"shim/lib/headrace/runtime/{file.name}"] = (file.read_bytes(), 0o644)
    if requirements:
        found["requirements.txt"] = (requirements.encode(), 0o644)
    dockerfile = _DOCKERFILE.format(
        names=", ".join(names),
        base=base,
        requirements=_REQUIREMENTS if requirements else "",
        user=USER,
    )
    return Recipe(dockerfile, dict(sorted(found.items())))


def included(root: Path, patterns: Sequence[str]) -> dict[str, bytes]:
    """Return the files below `root` that `patterns` name, with a folder all that is in it.

    Raises:
        RecipeError: a pattern names nothing.
        OSError: a file cannot be read.
    """
    found: dict[str, bytes] = {}
    for pattern in patterns:
        named = [inner for path in root.glob(pattern) for inner in (path, *path.rglob("*"))]
        paths = {path for path in named if path.is_file() and "__pycache__" not in path.parts}
        if not paths:
            raise RecipeError(f"build.include: no file below {root} is called {pattern!r}")
        found |= {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    return found
