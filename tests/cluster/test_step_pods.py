"""Steps in real pods: they give what CPython gives, a failure is told, an eviction ends them."""

from pathlib import Path
from typing import Any

import pytest

from cluster import argo_pods, step_pods
from cluster.images import STEP
from conformance import suite
from conformance.suite import CASES

pytestmark = pytest.mark.cluster

RUN_HERE = (
    "a_step",
    "imports_packages",
    "text_hazards_as_constants",
    "text_hazards_as_results",
    "text_hazards_in_errors",
    "failing_step",
)
"""Cases whose pods are few: texts that a kubelet could change, a folder of modules, failures."""

SLEEPER = '''\
"""A step that does not end by itself."""

import time


def sleep():
    print("asleep", flush=True)
    time.sleep(3600)
'''


@pytest.mark.parametrize("name", RUN_HERE)
def test_pods_give_what_python_gives(name: str, api: Any, namespace: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = argo_pods.outcome(case, case.runs[0], api, namespace, tmp_path)
    assert found.text == suite.expected(case, case.runs[0]).text


def test_a_failure_is_in_the_log_and_told_to_the_engine(api: Any, namespace: str) -> None:
    container = {"image": STEP, "args": ["--step=add", "a_step:add", "--a=[1]"]}
    ended = step_pods.run(api, namespace, {**container, "command": ["headrace-step"]})
    assert ended.exit_code == 1
    assert ended.message == 'TypeError: can only concatenate list (not "int") to list'
    assert 'File "/work/a_step.py", line 5, in add' in ended.log


def test_an_eviction_ends_a_step_before_it_is_killed(
    api: Any, namespace: str, tmp_path: Path
) -> None:
    from kubernetes.client import CoreV1Api

    (tmp_path / "sleeper.py").write_text(SLEEPER)
    container = {
        "image": STEP,
        "command": ["headrace-step"],
        "args": ["--step=sleep", "sleeper:sleep"],
        "workingDir": "/code",
        "volumeMounts": [{"name": "code", "mountPath": "/code"}],
    }
    code = {"name": "code", "hostPath": {"path": str(tmp_path)}}
    name = step_pods.create(api, namespace, container, volumes=[code])
    step_pods.until_logged(api, namespace, name, "asleep")
    eviction = {"metadata": {"name": name, "namespace": namespace}}
    CoreV1Api(api).create_namespaced_pod_eviction(name, namespace, eviction)
    ended = step_pods.until(api, namespace, name, step_pods.terminated)
    # 137 would be the kill after the grace period of 30 s.
    assert ended.exit_code == 143
