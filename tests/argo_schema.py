"""Argo's own CRDs as a judge of manifests: unknown fields are refused, as a real API server does.

The files in `data/argo-crds` are the full CRDs of Argo Workflows 4.1.2.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

FOLDER = Path(__file__).parent / "data" / "argo-crds"


def errors(document: dict[str, Any]) -> list[str]:
    """Return what the CRD of the document's kind has against it, with the place of each error."""
    found = _validator(document["kind"]).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]


@cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    path = FOLDER / f"argoproj.io_{kind.lower()}s.yaml.gz"
    definition = yaml.load(gzip.decompress(path.read_bytes()), Loader=yaml.CSafeLoader)
    (version,) = definition["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    # The API server knows the metadata of every object by itself; the CRD leaves it open.
    schema["properties"]["metadata"] = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 63, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"},
            "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["name"],
    }
    return jsonschema.Draft202012Validator(_closed(schema))


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI v3 `schema` as JSON Schema in which an object has no unknown field."""
    closed = dict(schema)
    if closed.pop("x-kubernetes-int-or-string", False):
        closed.pop("type", None)
        closed.pop("anyOf", None)
        closed["type"] = ["integer", "string"]
    for key in ("items", "additionalProperties", "not"):
        if isinstance(closed.get(key), dict):
            closed[key] = _closed(closed[key])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in closed:
            closed[key] = list(closed[key])
    if "properties" in closed:
        closed["properties"] = {n: _closed(s) for n, s in closed["properties"].items()}
        if not closed.pop("x-kubernetes-preserve-unknown-fields", False):
            closed.setdefault("additionalProperties", False)
    return closed
