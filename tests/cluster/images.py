"""Builds the images of the cluster: one that runs steps, and the one that holds pods open.

`STEP` is Debian's Python with headrace, and the client of buckets, installed by pip. It holds every
conformance case: its working folder has the modules, and a folder for each case that is one, which
has to be the working folder of its containers (`working_folder`). It serves as the sidecar of
Airflow's pods too, which is ended by `pgrep`.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import environments
from cluster.binaries import cache, locked, remove_old
from conformance.suite import FOLDER as CASES
from conformance.suite import IMAGE as CASES_IMAGE
from conformance.suite import Case
from containers import Podman

ROOT = Path(__file__).resolve().parent.parent.parent
STEP = "localhost/headrace-step:test"
PAUSE = "localhost/headrace-pause:test"
ALIASES = {CASES_IMAGE: STEP}
"""Further names of images: the manifests of the conformance suite run as they are."""

WORKING_FOLDER = "/work"

_BOOTSTRAP = (
    "debootstrap",
    "--variant=minbase",
    "--include=python3,python3-pip,procps",
    "bookworm",
)
_NOT_IN_BASE = (
    "dev/*",
    "usr/share/doc/*",
    "usr/share/locale/*",
    "usr/share/man/*",
    "var/cache/apt/*",
    "var/lib/apt/*",
    "var/log/*",
)
_BASE = "localhost/headrace-base:test"
_BUILD = ("build", "--quiet", "--layers=false", "--network=none", "--tag", STEP)
_CLIENT = ("obstore==0.12.1", "typing-extensions==4.15.0")
"""What reaches a store in a bucket, with what it needs itself on Debian's Python."""
_CONTAINERFILE = f"""\
FROM {_BASE}
COPY *.whl /tmp/
RUN pip install --quiet --no-deps --no-index --break-system-packages --root-user-action=ignore \
    /tmp/*.whl && rm /tmp/*.whl
COPY cases {WORKING_FOLDER}
WORKDIR {WORKING_FOLDER}
"""


def working_folder(case: Case) -> str:
    """Return the folder of the image `STEP` in which the steps of `case` have to run."""
    inside = case.path.parent.relative_to(CASES).as_posix()
    return WORKING_FOLDER if inside == "." else f"{WORKING_FOLDER}/{inside}"


def step_archive() -> Path:
    """Return a Docker archive of the image `STEP`, which is built unless it is there.

    Raises:
        RuntimeError: it cannot be built.
    """
    with locked("images"):
        archive = cache() / f"step-{_digest()}.tar"
        if archive.is_file():
            return archive
        base = _base()
        print("building the step image", flush=True)
        remove_old("step-*.tar")
        # Podman's own folder may not have a long path.
        with (
            tempfile.TemporaryDirectory(dir=cache()) as name,
            tempfile.TemporaryDirectory() as short,
        ):
            folder = Path(name)
            context = folder / "context"
            _wheels(context)
            for path in _files(*_cases()):
                copy = context / "cases" / path.relative_to(CASES)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
            (context / "Containerfile").write_text(_CONTAINERFILE)
            podman = Podman(Path(short))
            podman.run("import", "--quiet", base, _BASE)
            podman.run(
                "build", "--quiet", "--layers=false", "--network=none", "--tag", STEP, context
            )
            podman.run("save", "--quiet", "--output", folder / archive.name, STEP)
            (folder / archive.name).rename(archive)
        return archive


def pause_archive(program: Path, folder: Path) -> Path:
    """Return a Docker archive, made in `folder`, of an image that runs the static `program`."""
    layer = folder / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(program, "pause")
    archive = folder / "pause.tar"
    with tempfile.TemporaryDirectory(dir=folder) as name:
        podman = Podman(Path(name))
        podman.run("import", "--quiet", '--change=ENTRYPOINT ["/pause"]', layer, PAUSE)
        podman.run("save", "--quiet", "--output", archive, PAUSE)
    return archive


def _base() -> Path:
    """Return an archive of the files of a small Debian with Python and pip."""
    archive = cache() / f"base-{_digest_of(*_BOOTSTRAP, *_NOT_IN_BASE)}.tar"
    if archive.is_file():
        return archive
    print("making a Debian with Python, which takes about a minute", flush=True)
    remove_old("base-*.tar")
    with tempfile.TemporaryDirectory(dir=cache()) as name:
        root, made = Path(name) / "root", Path(name) / "base.tar"
        _run(*_BOOTSTRAP, root)
        excluded = [f"--exclude=./{path}" for path in _NOT_IN_BASE]
        _run("tar", "-C", root, *excluded, "-cf", made, ".")
        made.rename(archive)
    return archive


def _wheels(folder: Path) -> None:
    """Put headrace's wheel into `folder`, and those of the client of buckets."""
    environments.install_uv()
    _run(environments.UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (folder / ".gitignore").unlink(missing_ok=True)
    pip = (environments.UV.with_name("python"), "-m", "pip", "--quiet", "download", "--no-deps")
    only = ("--only-binary=:all:", "--python-version=3.11", "--dest", folder)
    _run(*pip, *only, *_CLIENT)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shown = (done.stdout + done.stderr)[-3000:]
        raise RuntimeError(f"{command[0]} failed:\n{shown}")


def _digest() -> str:
    sources = hashlib.sha256()
    for path in _sources():
        sources.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    recipe = (*_BOOTSTRAP, *_NOT_IN_BASE, *_BUILD, *_CLIENT, _CONTAINERFILE)
    return _digest_of(*recipe, sources.hexdigest())


def _digest_of(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield ROOT / "pyproject.toml"
    yield from _files(ROOT / "runtime", *_cases())


def _cases() -> list[Path]:
    """Return the modules and the folders of the cases; steps that ran beside them left others."""
    return sorted(p for p in CASES.iterdir() if p.suffix == ".py" or any(p.glob("*.py")))


def _files(*places: Path) -> Iterator[Path]:
    """Yield the files that are `places`, and those in them."""
    for place in places:
        for path in (place, *sorted(place.rglob("*"))):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
