"""The ResourceClaimTemplates that the pods of a pipeline name, in a file beside its manifest.

Their names hold a digest of their contents: Kubernetes lets none be changed, and running pipelines
keep those that they began with.
"""

from collections.abc import Iterator
from typing import Any

from headrace.compiler import ir
from headrace.compiler.dataflow import walk
from headrace.compiler.target import ManifestFile
from headrace.targets.accelerators import Claim, place_on_hosts
from headrace.targets.inline_code import MANAGED_BY
from headrace.targets.yaml_writer import to_yaml

API_VERSION = "resource.k8s.io/v1"
"""Since Kubernetes 1.34:
https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/"""


def file_name(stem: str) -> str:
    """Return the name of the file beside the manifest called `stem`."""
    return f"{stem}.resourceclaimtemplate.yaml"


def claim_files(pipeline: ir.Pipeline, stem: str) -> tuple[ManifestFile, ...]:
    """Return the file with the templates of all claims of `pipeline`, if it has any."""
    templates = {claim.name: _template(claim) for claim in _claims(pipeline)}
    if not templates:
        return ()
    return (ManifestFile(file_name(stem), to_yaml(*templates.values())),)


def _claims(pipeline: ir.Pipeline) -> Iterator[Claim]:
    steps = [node for node in walk(pipeline.body) if isinstance(node, ir.Call | ir.Compute)]
    settings = {id(step.settings): step.settings.of_hosts or step.settings for step in steps}
    own = any(each.device_class for each in pipeline.settings.accelerators.values())
    for each in settings.values():
        if own or each.resource_claim:
            placement = place_on_hosts(each, pipeline.settings)
            yield from [placement.claim] if placement.claim else []


def _template(claim: Claim) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": claim.name, "labels": MANAGED_BY},
        "spec": {"spec": claim.spec()},
    }
