"""What the shim is told of the accelerators that a step asked for, so that it can look for them."""

from headrace.compiler import pods
from headrace.compiler.settings import StepSettings
from headrace.runtime.devices import can_check
from headrace.targets.accelerators import Placement


def device_variables(settings: StepSettings, placement: Placement) -> dict[str, str]:
    """Return the variables that `headrace.runtime.devices` reads; none if nothing is asked for."""
    made = pods.pod(settings, placement.resources)
    limits: dict[str, object] = dict(
        pods.main_container(made).get("resources", {}).get("limits", {})
    )
    if placement.claim:
        limits[placement.claim.resource] = placement.claim.count
    devices = [
        f"{name}:{count}"
        for name, count in limits.items()
        if can_check(name) and str(count).isdecimal()
    ]
    if not devices:
        return {}
    named = settings.accelerator not in (None, "cpu")
    return {
        "HEADRACE_DEVICES": ",".join(devices),
        **({"HEADRACE_ACCELERATOR": str(settings.accelerator)} if named else {}),
        **(
            {"HEADRACE_DEVICE_NAME": placement.device_name.replace("$", "$$")}
            if placement.device_name
            else {}
        ),
    }
