"""The JSON schema of a PodSpec, made from what an API server publishes of itself.

`python -m cluster.pod_schema` (with `PYTHONPATH=tests`) writes `tests/data/kubernetes` anew, from
the cluster that runs.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any

from cluster import clients, state

POD_SPEC = "io.k8s.api.core.v1.PodSpec"
FILE = Path(__file__).resolve().parent.parent / "data" / "kubernetes" / "podspec-1.35.json.gz"
_SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ["string", "number"],
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ["string", "integer"],
}
"""What is a text in OpenAPI, and may be a number."""


def published(api: Any) -> dict[str, Any]:
    """Return the OpenAPI specification, version 2, of the API server."""
    answer = api.call_api(
        "/openapi/v2", "GET", auth_settings=["BearerToken"], _preload_content=False
    )
    found: dict[str, Any] = json.loads(answer.data)
    return found


def pod_schema(specification: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a PodSpec, in which no object has a field that Kubernetes has not."""
    definitions = specification["definitions"]
    found: dict[str, Any] = {}
    waiting = [POD_SPEC]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _strict(name, definitions[name])
            waiting += re.findall(r'"#/\$defs/([^"]+)"', json.dumps(found[name]))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": f"#/$defs/{POD_SPEC}",
        "$defs": dict(sorted(found.items())),
    }


def _strict(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    if name in _SCALARS:
        return {"type": _SCALARS[name]}
    schema: dict[str, Any] = _without_descriptions(definition)
    if "properties" in schema:
        schema["additionalProperties"] = False
    return schema


def _without_descriptions(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_descriptions(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {k: v for k, v in value.items() if not (k == "description" and isinstance(v, str))}
    kept = {k: v for k, v in kept.items() if not k.startswith("x-kubernetes")}
    if "$ref" in kept:
        return {"$ref": kept["$ref"].replace("#/definitions/", "#/$defs/")}
    return {key: _without_descriptions(inner) for key, inner in kept.items()}


def main() -> None:
    """Write the schema of the cluster that runs."""
    there = state.running()
    assert there is not None, "start a cluster first: make cluster"
    with clients.client(Path(there.folder) / "kubeconfig") as api:
        text = json.dumps(pod_schema(published(api)), sort_keys=True, separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
