"""Code that reaches steps through ConfigMaps, so that a stock Python image runs them unbuilt.

There are two: the shim, the same for all pipelines, and the sources of one pipeline. Their names
hold a digest of their contents, so that a new version of a pipeline leaves running ones alone.
"""

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from headrace.compiler import ir
from headrace.compiler.dataflow import walk
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.target import ManifestFile
from headrace.runtime.inline import key_of
from headrace.targets.yaml_writer import Lines, to_yaml

COMMAND = "headrace-step"
"""The console script of `headrace.runtime`, which an image with the step's code has."""

SHIM_VOLUME, CODE_VOLUME = "headrace-step", "headrace-code"

FOLDERS = {SHIM_VOLUME: "/headrace/step", CODE_VOLUME: "/headrace/code"}
"""Where each volume is mounted; the shim's starter finds the one beside the other."""

MANAGED_BY = {"app.kubernetes.io/managed-by": "headrace"}

CONFIG_MAP_BYTES = 1_048_576
"""The most that the values of one ConfigMap may hold, in bytes:
https://kubernetes.io/docs/concepts/configuration/configmap/#motivation"""

KEY_LENGTH = 253
"""Characters in a key of a ConfigMap."""

NAME_LENGTH = 63
"""Characters in the name of a ConfigMap: Kubeflow gives it to a volume too."""

_DIGEST_LENGTH = 10
_HERE_ONLY = frozenset({"fork.py", "forkserver.py", "zygote.py"})
"""Files of the runtime that runs on this machine need, and containers do not."""


@dataclass(frozen=True)
class ConfigMap:
    """An immutable ConfigMap; `binary_data` is in base64."""

    name: str
    data: dict[str, str]
    binary_data: dict[str, str]
    annotations: dict[str, str]

    def document(self) -> dict[str, Any]:
        """Return the object as it stands in its file."""
        metadata: dict[str, Any] = {"name": self.name, "labels": MANAGED_BY}
        if self.annotations:
            metadata["annotations"] = self.annotations
        document: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        if self.data:
            document["data"] = {key: Lines(text) for key, text in self.data.items()}
        if self.binary_data:
            document["binaryData"] = self.binary_data
        return {**document, "immutable": True}


def is_used(pipeline: ir.Pipeline) -> bool:
    """Whether a step of `pipeline` takes its code from ConfigMaps."""
    steps = (node for node in walk(pipeline.body) if isinstance(node, ir.Call | ir.Compute))
    return any(step.settings.code == "inline" for step in steps)


def command(*, inline: bool) -> tuple[str, ...]:
    """Return the program that runs a step, without its arguments."""
    if inline:
        return ("python3", f"{FOLDERS[SHIM_VOLUME]}/{COMMAND}")
    return (COMMAND,)


def code_mounts(*, inline: bool) -> list[dict[str, Any]]:
    """Return where a container finds the code that travels, as the JSON of Kubernetes."""
    return [{"name": n, "mountPath": path} for n, path in FOLDERS.items()] if inline else []


@cache
def shim() -> ConfigMap:
    """Return the shim: the starter, and the modules that it unfolds."""
    data: dict[str, str] = {}
    for file in sorted(files("headrace.runtime").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py") and file.name not in _HERE_ONLY:
            key = COMMAND if file.name == "inline.py" else key_of(f"headrace/runtime/{file.name}")
            data[key] = file.read_text(encoding="utf-8")
    return ConfigMap(_name(COMMAND, [*data, *data.values()]), data, {}, {})


def sources(pipeline: ir.Pipeline) -> ConfigMap:
    """Return the sources of `pipeline`."""
    code = pipeline.code
    data = {key_of(path): text for path, text in code.sources.items()}
    binary = {key_of(path): text for path, text in code.encoded_sources.items()}
    annotations = {
        "headrace.dev/pipeline": pipeline.function,
        "headrace.dev/code": code.digest,
    }
    return ConfigMap(config_map_names(pipeline)[CODE_VOLUME], data, binary, annotations)


def config_map_names(pipeline: ir.Pipeline) -> dict[str, str]:
    """Return the ConfigMap of each volume that an inline step of `pipeline` has."""
    code = pipeline.code
    # A package's `__init__.py` and a module are alike to the digest, and other keys.
    name = _name(f"{pipeline.name}-code", [code.digest, *code.sources, *code.encoded_sources])
    return {SHIM_VOLUME: shim().name, CODE_VOLUME: name}


def file_name(stem: str) -> str:
    """Return the name of the file with the sources, beside the manifest called `stem`."""
    return f"{stem}.configmap.yaml"


def config_map_files(pipeline: ir.Pipeline, stem: str) -> tuple[ManifestFile, ...]:
    """Return the files of both ConfigMaps, if `pipeline` brings its sources."""
    if not is_used(pipeline):
        return ()
    maps = {stem: sources(pipeline), COMMAND: shim()}
    return tuple(
        ManifestFile(file_name(name), to_yaml(config_map.document()))
        for name, config_map in maps.items()
    )


def check_sources(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    """Yield an error where the sources do not fit into a ConfigMap."""
    if not is_used(pipeline):
        return
    code = pipeline.code
    size = sum(len(text.encode()) for text in code.sources.values())
    size += sum(len(b64decode(text)) for text in code.encoded_sources.values())
    if size > CONFIG_MAP_BYTES:
        yield Diagnostic(
            code="HR511",
            message=f"the sources of the pipeline have {size:,} bytes; "
            f"a ConfigMap takes at most {CONFIG_MAP_BYTES:,}",
            span=pipeline.span,
            label="brings too much code",
            hint="build an image that holds the code (`headrace image`), and set `image`",
        )
    for path in (*code.sources, *code.encoded_sources):
        if len(key_of(path)) > KEY_LENGTH:
            yield Diagnostic(
                code="HR510",
                message=f"the path {path[:40]}... is too long for a key of a ConfigMap: "
                f"{len(key_of(path))} characters, at most {KEY_LENGTH}",
                span=pipeline.span,
                hint="shorten it, or build an image that holds the code (`headrace image`)",
            )


def _name(stem: str, contents: Sequence[str]) -> str:
    digest = hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:_DIGEST_LENGTH]
    start = stem[: NAME_LENGTH - _DIGEST_LENGTH - 1].rstrip("-")
    return f"{start}-{digest}"
