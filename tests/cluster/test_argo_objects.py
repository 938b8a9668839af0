"""A real API server, with Argo's full CRDs, takes all objects that are made for it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import clients
from cluster.server import Document
from conformance import suite
from conformance.suite import CASES, Case
from golden_files import GOLDEN

pytestmark = pytest.mark.cluster

TAKEN = [case for case in CASES.values() if "argo" not in case.refused]
GOLDENS = sorted({*GOLDEN.glob("*/argo/*.yaml"), *GOLDEN.glob("*/*/*.configmap.yaml")})


@pytest.mark.parametrize("case", TAKEN, ids=[case.name for case in TAKEN])
def test_the_manifest_of_a_case_is_taken(case: Case, argo: Any, namespace: str) -> None:
    (file,) = suite.emitted(case, "argo")[0]
    for document in yaml.load_all(file.text, Loader=yaml.CSafeLoader):
        clients.dry_run(argo, namespace, document)


@pytest.mark.parametrize("path", GOLDENS, ids=["-".join(path.parts[-2:]) for path in GOLDENS])
def test_a_golden_object_is_taken(path: Path, argo: Any, namespace: str) -> None:
    for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
        clients.dry_run(argo, namespace, document)


def an_unknown_field(template: Document) -> None:
    template["spec"]["templates"][0]["retries"] = 3


def an_unknown_field_deep_inside(template: Document) -> None:
    (container,) = [t["container"] for t in template["spec"]["templates"] if "container" in t]
    container["env"][0]["val"] = "1"


def a_wrong_type(template: Document) -> None:
    template["spec"]["templates"][0]["dag"]["failFast"] = "no"


def a_wrong_name(template: Document) -> None:
    template["metadata"]["name"] = "A_step"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (an_unknown_field, 'unknown field "spec.templates[0].retries"'),
        (an_unknown_field_deep_inside, 'env[0].val"'),
        (a_wrong_type, "spec.templates[0].dag.failFast: Invalid value"),
        (a_wrong_name, "metadata.name: Invalid value"),
    ],
)
def test_what_is_wrong_is_refused(
    damage: Callable[[Document], None], said: str, argo: Any, namespace: str
) -> None:
    from kubernetes.client import ApiException

    (file,) = suite.emitted(CASES["a_step"], "argo")[0]
    template = yaml.safe_load(file.text)
    wrong = copy.deepcopy(template)
    damage(wrong)
    clients.dry_run(argo, namespace, template)
    with pytest.raises(ApiException) as refusal:
        clients.dry_run(argo, namespace, wrong)
    assert said in clients.message(refusal.value)
