"""The cache of compiled manifests, in the user's folder of caches.

It is not in the project: a pull request could bring entries of its own there, and so decide what
`headrace check` says of it. An entry is found by all that was asked for, by the version of Python,
and by headrace's own files; it counts only while every file that was read, and every path that was
looked for, is as it was. It holds the findings too, so that an answer from here prints and writes
what a compilation would.
Nothing that takes long to import may be imported here.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from headrace.compiler.cache_folder import cache_folder
from headrace.compiler.cli.request import Request
from headrace.compiler.cli.streams import in_colour
from headrace.compiler.file_access import Accesses, digest

MOST_ENTRIES = 100
_SUFFIX = ".json"
_OWN_SUFFIXES = (".py", ".jinja2", ".json", ".toml")


class Kept:
    """What a compilation gave: texts of `files` by `TARGET/NAME`, and the text of `findings`.

    `possible` has, for each target, patterns of the files that some state of the source makes.
    """

    def __init__(
        self, files: Mapping[str, str], findings: str, possible: Mapping[str, Sequence[str]]
    ) -> None:
        """Keep it all."""
        self.files = files
        self.findings = findings
        self.possible = possible


def find(request: Request) -> Kept | None:
    """Return what `request` gave before, if a compilation would give the same now."""
    return _read(os.path.join(cache_folder(), _key(request) + _SUFFIX))


def keep(request: Request, accesses: Accesses, kept: Kept) -> None:
    """Keep what `request` gave; a folder that cannot be written is no error."""
    if not accesses.steady:
        return
    entry = {
        "accesses": accesses.as_object(),
        "files": kept.files,
        "findings": kept.findings,
        "possible": kept.possible,
    }
    body = json.dumps(entry).encode()
    stem = os.path.join(cache_folder(), _key(request))
    # Forgotten with the others, should this process not come to rename it.
    temporary = f"{stem}.{os.getpid()}{_SUFFIX}"
    try:
        os.makedirs(cache_folder(), mode=0o700, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(digest(body).encode() + b"\n" + body)
        os.replace(temporary, stem + _SUFFIX)
        _forget_old()
    except OSError:
        return


def _read(path: str) -> Kept | None:
    """Return the entry at `path`; nothing for one that is damaged or out of date."""
    try:
        with open(path, "rb") as file:
            checksum, _, body = file.read().partition(b"\n")
        if digest(body).encode() != checksum:
            return None
        entry = json.loads(body)
    except (OSError, ValueError):
        return None
    if not Accesses(**entry.pop("accesses")).hold():
        return None
    return Kept(**entry)


def _key(request: Request) -> str:
    asked = [
        *(os.getcwd(), request.path, os.path.realpath(request.path), request.function),
        *(request.settings, request.profile, request.targets, request.output_format),
        *(in_colour(sys.stderr), sys.stderr.encoding),
        *(sys.version, _own_files(), _libraries()),
    ]
    return digest(json.dumps(asked).encode())


def _libraries() -> list[int]:
    """Return what changes when a library is installed: the times of the folders they are in."""
    folders = [path for path in sys.path if os.path.basename(path) == "site-packages"]
    return [os.stat(path).st_mtime_ns for path in folders if os.path.isdir(path)]


_own: list[tuple[str, int, int]] = []


def _own_files() -> list[tuple[str, int, int]]:
    """Return the name, size and time of each file that headrace itself is made of."""
    if not _own:
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        for package in ("compiler", "targets", "runtime"):
            _own.extend(_stamps(os.path.join(root, package)))
    return _own


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _stamps(entry.path)
            elif entry.name.endswith(_OWN_SUFFIXES):
                stat = entry.stat()
                yield entry.path, stat.st_size, stat.st_mtime_ns


def _forget_old() -> None:
    with os.scandir(cache_folder()) as entries:
        found = [(e.stat().st_mtime_ns, e.path) for e in entries if e.name.endswith(_SUFFIX)]
    for _, path in sorted(found)[:-MOST_ENTRIES]:
        os.unlink(path)
