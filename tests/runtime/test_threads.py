"""How many threads a step's libraries may start, from the control groups of its container."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.runtime import threads
from headrace.runtime.threads import set_threads


@pytest.fixture(autouse=True)
def _sixteen_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_processors", lambda: 16)


def machine(folder: Path, groups: str, **texts: str) -> str:
    for path, text in {"proc/self/cgroup": groups, **texts}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text + "\n")
    return str(folder)


V1 = "sys/fs/cgroup/cpu,cpuacct"


@pytest.mark.parametrize(
    ("groups", "texts", "found"),
    [
        ("0::/", {"sys/fs/cgroup/cpu.max": "400000 100000"}, "4"),
        ("0::/", {"sys/fs/cgroup/cpu.max": "250000 100000"}, "2"),
        ("0::/", {"sys/fs/cgroup/cpu.max": "50000 100000"}, "1"),
        ("0::/", {"sys/fs/cgroup/cpu.max": "max 100000"}, None),
        ("0::/", {"sys/fs/cgroup/cpu.max": "1600000 100000"}, None),
        ("0::/", {}, None),
        (
            "0::/pods/one",
            {
                "sys/fs/cgroup/pods/one/cpu.max": "max 100000",
                "sys/fs/cgroup/pods/cpu.max": "300000 100000",
            },
            "3",
        ),
        ("0::/../other", {"sys/fs/cgroup/cpu.max": "300000 100000"}, "3"),
        (
            "5:cpu,cpuacct:/kubepods/pod1\n4:memory:/kubepods/pod1\n0::/",
            {f"{V1}/cpu.cfs_quota_us": "200000", f"{V1}/cpu.cfs_period_us": "100000"},
            "2",
        ),
        (
            "5:cpu,cpuacct:/pod1",
            {f"{V1}/pod1/cpu.cfs_quota_us": "500000", f"{V1}/pod1/cpu.cfs_period_us": "100000"},
            "5",
        ),
        (
            "5:cpu:/",
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            None,
        ),
    ],
)
def test_the_limit_of_the_container(
    tmp_path: Path, groups: str, texts: dict[str, str], found: str | None
) -> None:
    environment: dict[str, str] = {}
    set_threads(environment, machine(tmp_path, groups, **texts))
    assert environment == ({} if found is None else dict.fromkeys(threads.VARIABLES, found))


def test_what_is_set_stays(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/", **{"sys/fs/cgroup/cpu.max": "400000 100000"})
    environment = {"OMP_NUM_THREADS": "9"}
    set_threads(environment, root)
    assert environment == {"OMP_NUM_THREADS": "9", "NUMBA_NUM_THREADS": "4"}


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    set_threads(environment, str(tmp_path))
    assert environment == {}


def test_a_step_sees_them(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "import os\n\ndef step() -> str:\n    return os.environ['OMP_NUM_THREADS']\n"
    )
    program = (
        "from headrace.runtime import step, threads\n"
        "threads._processors, threads._limit = (lambda: 16), (lambda root: 2.0)\n"
        "import sys; sys.argv = ['headrace-step', '--output=out=out.txt', 'user:step']\n"
        "sys.exit(step.main())\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in threads.VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "out.txt").read_text().endswith('"2"')
