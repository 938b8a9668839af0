"""What a policy has against the devices that the pod of a step may get.

A step is judged by what it may get and not by how it asks: `a100` may come to be an `a100-80gb`. So
all that a name stands for has to be allowed, and none of it may be forbidden.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from headrace.compiler.pod_findings import path_in_pod
from headrace.compiler.pods import MAIN, Tree, containers
from headrace.compiler.registry import load_placements
from headrace.compiler.settings import AcceleratorPolicy, PipelineSettings, StepSettings
from headrace.compiler.suggestions import first_of
from headrace.compiler.target import DevicesAsked
from headrace.compiler.toml_places import TomlPath

_NO_DEVICES = ("cpu", "memory", "ephemeral-storage", "hugepages-")
"""What resources begin with that are no devices."""

_SHOWN_DEVICES = 3

_Violation = tuple[str, str, str, tuple[TomlPath, ...]]
"""The key of the policy, the message, a way out, and the paths of the setting."""


@dataclass(frozen=True)
class _Asked:
    """One thing that a pod asks for: how it is written, what it may be, and where it is set."""

    written: str
    devices: DevicesAsked
    paths: tuple[TomlPath, ...]


def against_devices(
    settings: StepSettings, made: Tree, policy: AcceleratorPolicy, pipeline: PipelineSettings
) -> Iterator[_Violation]:
    """Yield what `policy` has against the devices that the pod `made` of `settings` asks for."""
    if policy.allow is None and not policy.forbid:
        return
    forbidden = [spelled for pattern in policy.forbid for spelled in _meanings(pattern)]
    allowed = [spelled for pattern in policy.allow or () for spelled in _meanings(pattern)]
    for asked in _asked_for(settings, made, pipeline):
        yield from _against(asked, policy, allowed, forbidden)


def _against(
    asked: _Asked, policy: AcceleratorPolicy, allowed: list[str], forbidden: list[str]
) -> Iterator[_Violation]:
    devices = asked.devices
    # Who allows a resource, or an accelerator of the configuration, by its name allows it as it is.
    unnamed = devices.unnamed if policy.allow is None else ()
    wrong = [d for d in (*devices.named, *unnamed) if _is_any((asked.written, *d), forbidden)]
    if wrong:
        hint = "ask for another; `forbid` of the policy says which are forbidden"
        yield "forbid", _message("forbids", asked, wrong), hint, asked.paths
    if policy.allow is not None:
        is_alone = len(devices.named) == 1
        names = [(asked.written, *d) if is_alone else d for d in devices.named]
        wrong = [d for d in names if not _is_any(d, allowed)]
        if wrong:
            hint = f"ask for {' or '.join(policy.allow)}" if policy.allow else "ask for none"
            message = _message("does not allow", asked, [d[-1:] for d in wrong])
            yield "allow", message, hint, asked.paths


def _message(says: str, asked: _Asked, wrong: list[tuple[str, ...]]) -> str:
    names = [device[0] for device in wrong]
    if asked.written in (name for device in wrong for name in device):
        return f"the policy {says} the accelerator `{asked.written}`"
    shown = first_of([f"`{name}`" for name in names], _SHOWN_DEVICES)
    return f"the policy {says} the accelerator {shown}, which `{asked.written}` may be"


def _is_any(names: tuple[str, ...], patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _meanings(pattern: str) -> Iterator[str]:
    """Yield `pattern`, and the devices that it stands for if it is a name that stands for some."""
    lowered = pattern.lower()
    yield lowered
    name, slash, fraction = lowered.partition("/")
    if not re.search(r"[*?[]", name):
        yield from (f"{device}{slash}{fraction}" for device in load_placements().meant_by(name))


def _asked_for(settings: StepSettings, made: Tree, pipeline: PipelineSettings) -> Iterator[_Asked]:
    """Yield each device that the pod asks for: by name, as a resource, or by a claim."""
    known = load_placements()
    if settings.accelerator not in (None, "cpu"):
        written = str(settings.accelerator).partition(":")[0].lower()
        yield _Asked(written, known.devices(settings, pipeline), (("accelerator",),))
    for kind, container in containers(made):
        resources = container.get("resources", {})
        for name in {**resources.get("requests", {}), **resources.get("limits", {})}:
            if not name.startswith(_NO_DEVICES):
                own = (("resources", name),) if container["name"] == MAIN else ()
                paths = (*own, *path_in_pod(settings, kind, container["name"], "resources"))
                yield _Asked(name, known.devices_of(name, settings, pipeline), paths)
    for claim in made["spec"].get("resourceClaims", ()):
        template = claim.get("resourceClaimTemplateName") or claim.get("resourceClaimName", "")
        name = f"claim/{template}"
        yield _Asked(name, DevicesAsked(((name,),)), (("pod", "resourceClaims"), ("pod",)))
