"""Lays the ConfigMaps of a manifest out in folders, as the kubelet does in a container."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

SHIM_FOLDER, CODE_FOLDER = "/headrace/step", "/headrace/code"


def in_files(texts: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """Return the contents of each ConfigMap in the files with `texts`, by its name."""
    documents = [document for text in texts for document in _documents(text)]
    return {
        document["metadata"]["name"]: contents(document)
        for document in documents
        if document.get("kind") == "ConfigMap"
    }


def _documents(text: str) -> Iterable[Mapping[str, Any]]:
    return yaml.safe_load_all(text) if "kind: ConfigMap" in text else ()


def contents(config_map: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files that the ConfigMap becomes, by their keys."""
    data = {key: text.encode() for key, text in config_map.get("data", {}).items()}
    binary = config_map.get("binaryData", {})
    return data | {key: base64.b64decode(text, validate=True) for key, text in binary.items()}


def lay_out(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write `files` into `folder` as a volume has them: links to a folder that can be exchanged.

    That is what https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util#AtomicWriter does.
    """
    version = folder / "..2026_01_02_03_04_05.123456789"
    version.mkdir(parents=True)
    (folder / "..data").symlink_to(version.name)
    for key, content in files.items():
        (version / key).write_bytes(content)
        (folder / key).symlink_to(f"..data/{key}")
    for made in (version, folder):
        made.chmod(0o755)
    return folder


def mounted(files: Iterable[str], root: Path) -> dict[str, Path]:
    """Lay out both ConfigMaps of a pipeline below `root`; return the folders by mount path."""
    maps = in_files(files)
    shim = next(name for name, held in maps.items() if "headrace-step" in held)
    (code,) = maps.keys() - {shim}
    return {
        SHIM_FOLDER: lay_out(maps[shim], root / "step"),
        CODE_FOLDER: lay_out(maps[code], root / "code"),
    }
