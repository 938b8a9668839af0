"""The check of what a pipeline's pods would be against the policies of its configuration.

It looks at the pods of the steps as the setting `pod` leaves them, before they are placed, and at
the accelerators that steps ask for by name. Policies add up: each is checked by itself, so none can
weaken another. A violation stands where the setting is that violates, or at the step where one is
missing.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from headrace.compiler import ir
from headrace.compiler.configuration import Configuration, PolicyPlaces
from headrace.compiler.diagnostics import Diagnostic, Related
from headrace.compiler.pod_findings import Finding, diagnostics, path_in_pod
from headrace.compiler.pods import MAIN, Tree, containers, pod, written_resources
from headrace.compiler.policy_devices import against_devices
from headrace.compiler.settings import PipelineSettings, Policy, StepSettings
from headrace.compiler.toml_places import TomlPath


def violations(pipeline: ir.Pipeline, configuration: Configuration) -> Iterator[Diagnostic]:
    """Yield an error for each setting, or step without one, that a policy forbids."""
    for policy, places in configuration.policies():
        check = partial(_of_pod, policy, places, pipeline.settings)
        yield from diagnostics(pipeline, configuration, check)


def _of_pod(
    policy: Policy, places: PolicyPlaces, pipeline: PipelineSettings, settings: StepSettings
) -> Iterator[Finding]:
    """Yield what `policy`, whose keys have `places`, has against the pod of a step."""
    made = pod(settings, written_resources(settings))
    found = [*_violations(settings, made, policy)]
    for key, message, hint, paths in against_devices(settings, made, policy.accelerators, pipeline):
        found.append((("accelerators", key), message, hint, paths, ""))
    for rule, message, hint, paths, missing in found:
        span = places(rule)
        yield Finding(
            code="HR440",
            message=message,
            hint=hint,
            paths=paths,
            missing=missing,
            related=Related(span=span, message="by this policy") if span else None,
        )


_Violation = tuple[TomlPath, str, str, tuple[TomlPath, ...], str]
"""The key of the policy, the message, a way out, the paths of the setting, and what is missing."""


def _violations(settings: StepSettings, made: Tree, policy: Policy) -> Iterator[_Violation]:
    yield from _images(settings, made, policy)
    yield from _limits(settings, made, policy)
    if policy.host_paths:
        yield from _host_paths(settings, made)
    if policy.host_namespaces:
        yield from _host_namespaces(made)
    if policy.privileged:
        yield from _privileged(settings, made)


# --- images --------------------------------------------------------------------------------------


def _images(settings: StepSettings, made: Tree, policy: Policy) -> Iterator[_Violation]:
    for kind, container in containers(made):
        image = container.get("image", "")
        paths: tuple[TomlPath, ...] = (("image",),)  # if it is not set, all have the stock image
        if container["name"] != MAIN:
            paths = path_in_pod(settings, kind, container["name"], "image")
        for rule, message, hint in _against_image(image, policy):
            yield ("images", rule), message, hint, paths, ""


def _against_image(image: str, policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Yield the key of the policy, what it has against `image`, and a way out."""
    name, tag, digest = _parsed(image)
    registries = policy.images.registries
    if registries and not any(_is_in(name, registry) for registry in registries):
        message = f"the policy forbids images of `{name.partition('/')[0]}`: {image}"
        yield "registries", message, f"use an image of {' or '.join(registries)}"
    if policy.images.digest and not digest:
        hint = f'write image = "{image}@sha256:...", as `docker buildx imagetools inspect` shows it'
        yield "digest", f"the policy requires the digest of an image: {image}", hint
    if policy.images.latest and not digest and tag in ("", "latest"):
        hint = "name a tag that is never moved, or a digest"
        yield "latest", f"the policy forbids images that are the latest: {image}", hint


def _parsed(image: str) -> tuple[str, str, str]:
    """Return the name of `image` with its registry, its tag, and its digest.

    Without a registry it is Docker Hub's, as container engines take it:
    https://github.com/distribution/reference/blob/main/normalize.go
    """
    rest, _, digest = image.partition("@")
    head, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    name = f"{head}{slash}{last}"
    first, slash, _ = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not re.search(r"[.:]", first) and first != "localhost":
        name = f"docker.io/{name}"
    return name, tag, digest


def _is_in(name: str, registry: str) -> bool:
    return name == registry or name.startswith(f"{registry}/")


# --- the rest of the pod -------------------------------------------------------------------------


def _limits(settings: StepSettings, made: Tree, policy: Policy) -> Iterator[_Violation]:
    for kind, container in containers(made):
        limits = container.get("resources", {}).get("limits", {})
        for name in policy.limits:
            if name in limits:
                continue
            message = f"the policy requires a limit of {name}"
            if container["name"] == MAIN:
                keys = {"ephemeral-storage": "ephemeral_storage", "cpu": "cpu", "memory": "memory"}
                key = keys.get(name, f'resources."{name}"')
                hint = f'set {key} = "...", for the step or in [defaults]'
                yield ("limits",), message, hint, (), f"no limit of {name}"
            else:
                message += f": container `{container['name']}` has none"
                paths = path_in_pod(settings, kind, container["name"], "resources")
                yield ("limits",), message, "give it one in resources.limits", paths, ""


def _host_paths(settings: StepSettings, made: Tree) -> Iterator[_Violation]:
    own = {v.host_path: path for path, v in settings.volumes.items() if v.host_path is not None}
    for volume in made["spec"].get("volumes", ()):
        if "hostPath" in volume:
            path = volume["hostPath"].get("path", "")
            paths = path_in_pod(settings, "volumes", volume["name"], "hostPath")
            if path in own:
                paths = (("volumes", own[path], "host_path"), ("volumes", own[path]), *paths)
            message = f"the policy forbids volumes that are paths of the host: {path}"
            yield ("host_paths",), message, "mount a pvc or an empty_dir", paths, ""


def _host_namespaces(made: Tree) -> Iterator[_Violation]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if made["spec"].get(field):
            message = f"the policy forbids the namespaces of the host: {field}"
            hint = f"leave {field} out of `pod`"
            yield ("host_namespaces",), message, hint, (("pod", field), ("pod",)), ""


def _privileged(settings: StepSettings, made: Tree) -> Iterator[_Violation]:
    contexts: list[tuple[str, Mapping[str, Any], tuple[TomlPath, ...]]] = [
        ("the pod", made["spec"].get("securityContext", {}), (("pod", "securityContext"),))
    ]
    for kind, container in containers(made):
        name = container["name"]
        context = container.get("securityContext", {})
        paths = path_in_pod(settings, kind, name, "securityContext", "privileged")
        contexts.append((f"container `{name}`", context, paths))
    for owner, context, paths in contexts:
        if context.get("privileged") or context.get("windowsOptions", {}).get("hostProcess"):
            message = f"the policy forbids privileged containers: {owner}"
            hint = "leave it out of `pod`, or add the one capability that is needed"
            yield ("privileged",), message, hint, paths, ""
