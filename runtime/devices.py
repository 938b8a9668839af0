"""Whether the accelerators that a step asked for are in its container.

What an engine was told is no proof: a node may be labelled wrongly, a driver may be broken, a
device may have failed. What is asked for stands in the environment:

- `HEADRACE_DEVICES`: resources of Kubernetes with their counts, `nvidia.com/gpu:2`.
- `HEADRACE_ACCELERATOR`: what the configuration calls them, `a100-80gb:2`; for messages.
- `HEADRACE_DEVICE_NAME`: a regular expression, which is searched in the names of the devices.
"""

from __future__ import annotations

import os
import re

from headrace.runtime.errors import ManifestError, RetryableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

NVML = "libnvidia-ml.so.1"
"""NVIDIA's library, which the driver brings into a container together with the devices."""

SECONDS = 60.0
"""How long nvidia-smi may take; with a broken driver it may never answer."""


def check(environment: Mapping[str, str], root: str = "/", library: str = NVML) -> None:
    """Do nothing if the devices that `environment` asks for are here; `root` has /dev and /sys.

    Raises:
        RetryableError: they are not, which may be so on this machine only.
        ManifestError: what is asked for cannot be read.
    """
    pattern = environment.get("HEADRACE_DEVICE_NAME", "")
    label = environment.get("HEADRACE_ACCELERATOR", "").partition(":")[0]
    for asked in environment.get("HEADRACE_DEVICES", "").split(","):
        resource, _, count = asked.rpartition(":")
        listing = _listing(resource)
        if listing is None or not count.isdecimal():
            raise ManifestError(f"cannot check for the devices {asked!r} of HEADRACE_DEVICES")
        found = listing(_Machine(environment, root, library))
        part = _slice(resource)
        fitting = [
            name
            for name in found
            if not name
            or (re.search(pattern, name.partition(" MIG ")[0]) and re.search(part, name))
        ]
        # A core is a part of a device, which has several.
        needed = 1 if resource.endswith("neuroncore") else int(count)
        if len(fitting) < needed:
            raise RetryableError(f"asked for {count} {label or resource}, found {_told(found)}")


def can_check(resource: str) -> bool:
    """Return whether `check` knows what to look for where `resource` of Kubernetes is asked for."""
    return _listing(resource) is not None


def _slice(resource: str) -> str:
    """Return the pattern of a slice of a GPU (MIG) if `resource` stands for one, else of all."""
    kind = resource.partition("/")[2]
    return f"MIG {re.escape(kind[len('mig-') :])}( |$)" if kind.startswith("mig-") else ""


def _told(found: list[str]) -> str:
    names = list(dict.fromkeys(found))
    counts = {name: found.count(name) for name in names}
    return ", ".join(_counted(name or "of unknown name", counts[name]) for name in names) or (
        "nothing"
    )


def _counted(name: str, count: int) -> str:
    return name if count == 1 else f"{count} {name}"


class _Machine:
    """Where to look: the environment of the step, a root folder, and the library of NVIDIA."""

    def __init__(self, environment: Mapping[str, str], root: str, library: str) -> None:
        self.environment = environment
        self.root = root
        self.library = library

    def nodes(self, folder: str, pattern: str) -> list[str]:
        """Return the names in `folder` that are `pattern` and a number, in their order."""
        try:
            names = os.listdir(os.path.join(self.root, folder))
        except OSError:
            return []
        matches = [match for match in (re.fullmatch(f"{pattern}(\\d+)", n) for n in names) if match]
        return [match[0] for match in sorted(matches, key=lambda match: int(match[1]))]

    def text(self, path: str) -> str:
        """Return the text of a file of the kernel, or nothing."""
        try:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                return file.read().strip()
        except OSError:
            return ""


def _listing(resource: str) -> Callable[[_Machine], list[str]] | None:
    """Return what lists the devices that `resource` counts: their names, empty if unknown."""
    domain, _, kind = resource.partition("/")
    if domain == "aws.amazon.com" and kind.startswith("neuron"):
        return _neuron
    if domain == "google.com" and kind == "tpu":
        return _tpu
    listings = {
        "nvidia.com": _nvidia,
        "amd.com": _amd,
        "gpu.intel.com": _intel,
        "habana.ai": _gaudi,
    }
    return listings.get(domain)


# --- NVIDIA --------------------------------------------------------------------------------------


def _nvidia(machine: _Machine) -> list[str]:
    """Return the names of the GPUs, or of their slices, which a container sees."""
    names = _by_nvml(machine.library)
    if names is None:
        names = _by_nvidia_smi(machine.environment.get("PATH", ""))
    if names is None:
        names = ["" for _ in machine.nodes("dev", "nvidia")]
    return names


def _by_nvml(library: str) -> list[str] | None:
    """Return what the driver's library tells, or nothing when it is not here."""
    import ctypes

    try:
        return names_by_nvml(ctypes.CDLL(library))
    except (OSError, AttributeError):
        return None


def names_by_nvml(nvml: Any) -> list[str]:
    """Return the names of the GPUs, or of their slices, that the loaded library `nvml` lists.

    https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html
    """
    import ctypes

    if nvml.nvmlInit_v2() != 0:
        return []
    count = ctypes.c_uint()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    names = []
    for index in range(count.value):
        device = ctypes.c_void_p()
        if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device)) == 0:
            names += _slices_by_nvml(nvml, device) or [_name_by_nvml(nvml, device)]
    nvml.nvmlShutdown()
    return names


def _slices_by_nvml(nvml: Any, device: Any) -> list[str]:
    import ctypes

    most = ctypes.c_uint()
    names = []
    if nvml.nvmlDeviceGetMaxMigDeviceCount(device, ctypes.byref(most)) == 0:
        for index in range(most.value):
            part = ctypes.c_void_p()
            if nvml.nvmlDeviceGetMigDeviceHandleByIndex(device, index, ctypes.byref(part)) == 0:
                names.append(_name_by_nvml(nvml, part))
    return names


def _name_by_nvml(nvml: Any, device: Any) -> str:
    import ctypes

    name = ctypes.create_string_buffer(96)
    nvml.nvmlDeviceGetName(device, name, len(name))
    return name.value.decode("utf-8", "replace")


def _by_nvidia_smi(path: str) -> list[str] | None:
    """Return what `nvidia-smi -L` lists, or nothing when it is not on `path`."""
    import shutil
    import subprocess

    program = shutil.which("nvidia-smi", path=path)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-L"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RetryableError(f"nvidia-smi cannot tell what GPUs are here: {error}") from None
    return _listed(done.stdout.decode("utf-8", "replace"))


def _listed(text: str) -> list[str]:
    """Return the names in what `nvidia-smi -L` prints: slices stand indented below their GPU."""
    gpus: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        gpu = re.match(r"GPU \d+: (.*?) \(UUID", line)
        part = re.match(r"\s+MIG (\S+)\s+Device", line)
        if gpu:
            gpus.append((gpu[1], []))
        elif part and gpus:
            gpus[-1][1].append(f"{gpus[-1][0]} MIG {part[1]}")
    return [name for gpu, parts in gpus for name in parts or [gpu]]


# --- others --------------------------------------------------------------------------------------


def _amd(machine: _Machine) -> list[str]:
    """Return the GPUs of AMD: the kernel shows all, the container has the nodes of its own.

    https://docs.kernel.org/gpu/amdgpu/ (product_name); the topology is that of amdkfd.
    """
    topology = "sys/class/kfd/kfd/topology/nodes"
    names = []
    for node in machine.nodes(topology, ""):
        lines = machine.text(f"{topology}/{node}/properties").splitlines()
        properties = dict(line.split()[:2] for line in lines if len(line.split()) > 1)
        minor = properties.get("drm_render_minor", "")
        is_gpu = properties.get("simd_count", "0") != "0"
        if is_gpu and os.path.exists(os.path.join(machine.root, f"dev/dri/renderD{minor}")):
            names.append(machine.text(f"sys/class/drm/renderD{minor}/device/product_name"))
    return names


def _intel(machine: _Machine) -> list[str]:
    """Return the GPUs of Intel, which have no names here: 0x8086 is the vendor's number."""
    nodes = machine.nodes("dev/dri", "renderD")
    vendors = [machine.text(f"sys/class/drm/{node}/device/vendor") for node in nodes]
    return ["" for vendor in vendors if vendor == "0x8086"]


def _gaudi(machine: _Machine) -> list[str]:
    """Return the types of the Gaudis, such as GAUDI2, which the driver habanalabs shows.

    https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-driver-habanalabs
    """
    nodes = machine.nodes("dev/accel", "accel")
    if nodes:
        return [machine.text(f"sys/class/accel/{node}/device/device_type") for node in nodes]
    older = machine.nodes("dev", "hl")
    return [machine.text(f"sys/class/habanalabs/{node}/device_type") for node in older]


def _tpu(machine: _Machine) -> list[str]:
    """Return the chips of a TPU; the name of each is the type that GKE gives the container."""
    nodes = machine.nodes("dev", "accel") or machine.nodes("dev/vfio", "")
    count = len(nodes)
    bounds = machine.environment.get("TPU_CHIPS_PER_HOST_BOUNDS", "")
    if not nodes and re.fullmatch(r"\d+(,\d+)*", bounds):
        count = 1
        for extent in bounds.split(","):
            count *= int(extent)
    return [machine.environment.get("TPU_ACCELERATOR_TYPE", "")] * count


def _neuron(machine: _Machine) -> list[str]:
    """Return the Neuron devices, by the names that the driver shows."""
    folder = "sys/devices/virtual/neuron_device"
    nodes = machine.nodes("dev", "neuron")
    return [machine.text(f"{folder}/{node}/info/architecture/device_name") for node in nodes]
