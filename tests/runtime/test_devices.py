"""The shim's look at what accelerators are here: with machines of files, and a false driver."""

import ctypes
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headrace.runtime import devices
from headrace.runtime.devices import check
from headrace.runtime.errors import ManifestError, RetryableError

NO_LIBRARY = "libno-such-driver.so"


def machine(folder: Path, *nodes: str, **texts: str) -> str:
    """Make a root folder with device nodes, and with files of the kernel by their path."""
    for node in nodes:
        (folder / node).parent.mkdir(parents=True, exist_ok=True)
        (folder / node).touch()
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text + "\n")
    return str(folder)


def nvidia_smi(folder: Path, text: str, code: int = 0) -> str:
    """Put a false nvidia-smi into `folder`, and return a PATH that has it."""
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    program.write_text(
        f"#!/bin/sh\n[ \"$*\" = -L ] || exit 2\ncat <<'END'\n{text}\nEND\nexit {code}\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}:{os.environ['PATH']}"


def refusal(root: str, **environment: str) -> str:
    """Return why the check fails, or nothing."""
    try:
        check({"PATH": "", **environment}, root, NO_LIBRARY)
    except RetryableError as error:
        return str(error)
    return ""


T4 = "GPU 0: Tesla T4 (UUID: GPU-1234)"
SLICED = """\
GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1)
  MIG 1g.10gb     Device  0: (UUID: MIG-1)
  MIG 1g.10gb     Device  1: (UUID: MIG-2)
  MIG 3g.40gb     Device  2: (UUID: MIG-3)"""
A100 = {"HEADRACE_ACCELERATOR": "a100-80gb:1", "HEADRACE_DEVICE_NAME": "A100.*80GB"}


@pytest.mark.parametrize(
    ("listed", "asked", "told"),
    [
        (T4, {"HEADRACE_DEVICES": "nvidia.com/gpu:1"}, ""),
        (
            T4,
            {"HEADRACE_DEVICES": "nvidia.com/gpu:2"},
            "asked for 2 nvidia.com/gpu, found Tesla T4",
        ),
        (
            T4,
            {"HEADRACE_DEVICES": "nvidia.com/gpu:1", **A100},
            "asked for 1 a100-80gb, found Tesla T4",
        ),
        (
            "No devices were found",
            {"HEADRACE_DEVICES": "nvidia.com/gpu:1", **A100},
            "found nothing",
        ),
        (SLICED, {"HEADRACE_DEVICES": "nvidia.com/mig-1g.10gb:2", **A100}, ""),
        (
            SLICED,
            {"HEADRACE_DEVICES": "nvidia.com/mig-1g.10gb:3"},
            "asked for 3 nvidia.com/mig-1g.10gb, found 2 NVIDIA A100-SXM4-80GB MIG 1g.10gb, "
            "NVIDIA A100-SXM4-80GB MIG 3g.40gb",
        ),
        (
            SLICED,
            {"HEADRACE_DEVICES": "nvidia.com/mig-1g.1gb:1"},
            "asked for 1 nvidia.com/mig-1g.1gb",
        ),
        (
            f"{T4}\n{SLICED.splitlines()[0].replace('0:', '1:')}",
            {"HEADRACE_DEVICES": "nvidia.com/gpu:2", **A100},
            "asked for 2 a100-80gb, found Tesla T4, NVIDIA A100-SXM4-80GB",
        ),
    ],
)
def test_what_nvidia_smi_lists(
    tmp_path: Path, listed: str, asked: dict[str, str], told: str
) -> None:
    found = refusal(str(tmp_path), **{**asked, "PATH": nvidia_smi(tmp_path, listed)})
    assert told in found
    assert bool(found) == bool(told)


def test_a_driver_that_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = nvidia_smi(tmp_path, "NVIDIA-SMI has failed because it couldn't talk to the driver.", 9)
    asked = {"HEADRACE_DEVICES": "nvidia.com/gpu:1"}
    assert refusal(str(tmp_path), PATH=path, **asked).endswith("found nothing")
    monkeypatch.setattr(devices, "SECONDS", 0.05)
    (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\nexec sleep 60\n")
    assert "cannot tell what GPUs are here" in refusal(str(tmp_path), PATH=path, **asked)


def test_without_the_driver_nodes_are_counted(tmp_path: Path) -> None:
    root = machine(tmp_path, "dev/nvidia0", "dev/nvidia10", "dev/nvidiactl", "dev/nvidia-uvm")
    assert refusal(root, HEADRACE_DEVICES="nvidia.com/gpu:2", **A100) == "", "names are not known"
    told = refusal(root, HEADRACE_DEVICES="nvidia.com/gpu:3")
    assert told == "asked for 3 nvidia.com/gpu, found 2 of unknown name"


class Driver:
    """NVML with one GPU that has two slices, and one that has none."""

    def __init__(self, started: int = 0) -> None:
        names = (b"NVIDIA A100-SXM4-40GB", b"Tesla T4", b"A100 MIG 1g.5gb", b"A100 MIG 2g")
        self.names = dict(enumerate(names, 1))
        self._started = started
        self.stopped = False

    def nvmlInit_v2(self) -> int:
        return self._started

    def nvmlShutdown(self) -> int:
        self.stopped = True
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 3
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, device: Any) -> int:
        device._obj.value = index + 1
        return 0 if index < 2 else 15  # the third has fallen off the bus

    def nvmlDeviceGetMaxMigDeviceCount(self, device: Any, count: Any) -> int:
        count._obj.value = 7
        return 0 if device.value == 1 else 3

    def nvmlDeviceGetMigDeviceHandleByIndex(self, device: Any, index: int, part: Any) -> int:
        part._obj.value = index + 3
        return 0 if index < 2 else 6

    def nvmlDeviceGetName(self, device: Any, name: Any, length: int) -> int:
        assert length == ctypes.sizeof(name)
        name.value = self.names[device.value]
        return 0


def test_what_the_library_of_the_driver_lists() -> None:
    driver = Driver()
    assert devices.names_by_nvml(driver) == ["A100 MIG 1g.5gb", "A100 MIG 2g", "Tesla T4"]
    assert driver.stopped
    assert devices.names_by_nvml(Driver(started=9)) == []


NEURON = "sys/devices/virtual/neuron_device"
KFD = "sys/class/kfd/kfd/topology/nodes"


@pytest.mark.parametrize(
    ("nodes", "texts", "environment", "asked", "found"),
    [
        (
            ["dev/kfd", "dev/dri/renderD128"],
            {
                f"{KFD}/0/properties": "cpu_cores_count 96\nsimd_count 0\ndrm_render_minor 0",
                f"{KFD}/1/properties": "simd_count 1216\ndrm_render_minor 128",
                f"{KFD}/2/properties": "simd_count 1216\ndrm_render_minor 129",
                "sys/class/drm/renderD128/device/product_name": "AMD Instinct MI300X OAM",
                "sys/class/drm/renderD129/device/product_name": "AMD Instinct MI300X OAM",
            },
            {},
            "amd.com/gpu",
            "AMD Instinct MI300X OAM",
        ),
        (
            ["dev/dri/renderD128", "dev/dri/renderD129", "dev/dri/card0"],
            {
                "sys/class/drm/renderD128/device/vendor": "0x8086",
                "sys/class/drm/renderD129/device/vendor": "0x10de",
            },
            {},
            "gpu.intel.com/i915",
            "of unknown name",
        ),
        (
            ["dev/accel/accel0", "dev/accel/accel_controlD0"],
            {"sys/class/accel/accel0/device/device_type": "GAUDI2"},
            {},
            "habana.ai/gaudi",
            "GAUDI2",
        ),
        (
            ["dev/hl0", "dev/hl_controlD0"],
            {"sys/class/habanalabs/hl0/device_type": "GAUDI"},
            {},
            "habana.ai/gaudi",
            "GAUDI",
        ),
        (
            ["dev/accel0"],
            {},
            {"TPU_ACCELERATOR_TYPE": "v5litepod-1"},
            "google.com/tpu",
            "v5litepod-1",
        ),
        (
            ["dev/vfio/0", "dev/vfio/vfio"],
            {},
            {"TPU_ACCELERATOR_TYPE": "v6e-1"},
            "google.com/tpu",
            "v6e-1",
        ),
        ([], {}, {"TPU_CHIPS_PER_HOST_BOUNDS": "1,1,1"}, "google.com/tpu", "of unknown name"),
        (
            ["dev/neuron0"],
            {f"{NEURON}/neuron0/info/architecture/device_name": "Trainium1"},
            {},
            "aws.amazon.com/neuron",
            "Trainium1",
        ),
    ],
)
def test_other_kinds(
    tmp_path: Path,
    nodes: list[str],
    texts: dict[str, str],
    environment: dict[str, str],
    asked: str,
    found: str,
) -> None:
    root = machine(tmp_path / "this", *nodes, **texts)
    assert refusal(root, HEADRACE_DEVICES=f"{asked}:1", **environment) == ""
    told = refusal(root, HEADRACE_DEVICES=f"{asked}:2", **environment)
    assert told == f"asked for 2 {asked}, found {found}"
    named = {**environment, "HEADRACE_DEVICE_NAME": "another", "HEADRACE_ACCELERATOR": "other:1"}
    told = refusal(root, HEADRACE_DEVICES=f"{asked}:1", **named)
    unknown = found == "of unknown name"
    assert told == ("" if unknown else f"asked for 1 other, found {found}")
    (tmp_path / "empty").mkdir()
    told = refusal(str(tmp_path / "empty"), HEADRACE_DEVICES=f"{asked}:1")
    assert told == f"asked for 1 {asked}, found nothing"


def test_a_core_is_a_part_of_a_device(tmp_path: Path) -> None:
    root = machine(tmp_path, "dev/neuron0")
    assert refusal(root, HEADRACE_DEVICES="aws.amazon.com/neuroncore:4") == ""
    assert refusal(root, HEADRACE_DEVICES="aws.amazon.com/neuron:4") != ""


@pytest.mark.parametrize("written", ["nvidia.com/gpu", "nvidia.com/gpu:x", "rdma/ib:1", ","])
def test_what_cannot_be_read_is_a_wrong_manifest(written: str) -> None:
    with pytest.raises(ManifestError, match="HEADRACE_DEVICES"):
        check({"HEADRACE_DEVICES": written}, "/nowhere", NO_LIBRARY)


MODULE = """
print("imported")
def step() -> int:
    return 1
"""
PROGRAM = """
import sys
from headrace.runtime.step import run
code = run(["--output=out=out.txt", "user:step"])
print("devices" if "headrace.runtime.devices" in sys.modules else "none", code)
"""


def run_step(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "user.py").write_text(MODULE)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_machine_ends_the_step_before_the_users_code(tmp_path: Path) -> None:
    path = nvidia_smi(tmp_path, T4)
    asked = {"HEADRACE_DEVICES": "nvidia.com/gpu:8", "HEADRACE_ACCELERATOR": "a100-80gb:8"}
    done = run_step(tmp_path, PATH=path, HEADRACE_TERMINATION_LOG=str(tmp_path / "log"), **asked)
    assert done.stdout == "devices 75\n"
    assert done.stderr.splitlines()[0].startswith(
        "headrace: step step: asked for 8 a100-80gb, found"
    )


def test_nothing_is_imported_or_run_when_nothing_was_asked_for(tmp_path: Path) -> None:
    path = nvidia_smi(tmp_path, T4)
    marker = tmp_path / "was-run"
    (tmp_path / "bin" / "nvidia-smi").write_text(f"#!/bin/sh\ntouch {marker}\n")
    done = run_step(tmp_path, PATH=path)
    assert done.stdout == "imported\nnone 0\n"
    assert not marker.exists()
