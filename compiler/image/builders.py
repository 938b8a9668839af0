"""The programs that build images: docker, podman, buildah, whichever is there."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.compiler.image.recipe import RecipeError

BUILDERS = ("docker", "podman", "buildah")
"""In the order in which they are looked for."""


@dataclass(frozen=True)
class Builder:
    """One of `BUILDERS`, and the program on this machine."""

    name: str
    program: str

    def digest_of(self, image: str) -> str:
        """Return the digest of `image` in its registry, from which it is pulled.

        Raises:
            RecipeError: it cannot be had.
        """
        pulled = self._run("pull", "--quiet", image)
        if pulled.returncode:
            raise RecipeError(
                f"{self.name} cannot pull {image}: {_last_line(pulled.stderr)}; "
                f'give the image with its digest, as in build.base = "{image}@sha256:..."'
            )
        return self._known_digest(image)

    def build(self, folder: Path, tag: str, platform: str | None) -> None:
        """Build the Dockerfile in `folder` as `tag`; what the program says is shown.

        Raises:
            RecipeError: that failed.
        """
        options = [] if platform is None else [f"--platform={platform}"]
        self._shown("build", "--tag", tag, *options, str(folder))

    def push(self, tag: str) -> str:
        """Push `tag`; return the digest that the registry has it by.

        Raises:
            RecipeError: that failed.
        """
        if self.name == "docker":
            self._shown("push", tag)
            return self._known_digest(tag)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "digest")
            self._shown("push", f"--digestfile={file}", tag)
            return file.read_text().strip()

    def _known_digest(self, image: str) -> str:
        if self.name == "buildah":
            found = self._run("inspect", "--type=image", "--format={{.FromImageDigest}}", image)
            digest = found.stdout.strip()
        else:
            found = self._run("image", "inspect", "--format={{json .RepoDigests}}", image)
            digests = json.loads(found.stdout or "null") or [""]
            repository = repository_of(image)
            own = [each for each in digests if repository.endswith(each.partition("@")[0])]
            digest = (own or digests)[0].partition("@")[2]
        if found.returncode or not digest:
            said = _last_line(found.stderr) or "it names none"
            raise RecipeError(f"{self.name} does not tell the digest of {image}: {said}")
        return digest

    def _shown(self, *arguments: str) -> None:
        # stdout is for what headrace itself answers.
        done = subprocess.run([self.program, *arguments], stdout=sys.stderr, check=False)
        if done.returncode:
            what = f"{self.name} {arguments[0]}"
            raise RecipeError(f"{what} failed with exit code {done.returncode}")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def find_builder(wanted: str | None = None) -> Builder:
    """Return the builder called `wanted`, or the first one that is here and works.

    Raises:
        RecipeError: there is none.
    """
    refused = []
    for name in BUILDERS if wanted is None else (wanted,):
        program = shutil.which(name)
        if program is None:
            continue
        # Where its daemon is not running, docker is there and cannot build.
        asked = subprocess.run([program, "version"], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return Builder(name, program)
        refused.append(f"{name} does not work: {_last_line(asked.stderr)}")
    found = "; ".join(refused) or f"{wanted or ', '.join(BUILDERS)}: not on PATH"
    raise RecipeError(
        f"nothing here builds images ({found}); start one, or have something else build what "
        "--out DIR writes"
    )


def repository_of(image: str) -> str:
    """Return `image` without its tag and digest."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(":")[0]


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
