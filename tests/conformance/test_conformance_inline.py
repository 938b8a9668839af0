"""Promise 3 without an image: a system's Python and two ConfigMaps give what CPython gives."""

from pathlib import Path

import pytest

from conformance import inline_execution, suite
from conformance.selection import agree
from conformance.suite import CASES

# Podman comes with that environment.
pytestmark = pytest.mark.kubeflow

CHOSEN = [
    "classes_in_packages",
    "fail_at_import",
    "failing_step",
    "hazards_in_glue",
    "imports_packages",
    "map_keeps_order",
    "sub_of_other_module_in_map",
    "try_own_class",
    "value_dataclasses",
    "value_file_and_number",
    "value_folder",
    "value_objects_by_pickle",
]
"""What depends on where modules stand: packages, classes by name, files, exceptions, texts."""


@pytest.mark.parametrize("name", CHOSEN)
def test_a_plain_python_gives_what_python_gives(name: str, tmp_path: Path) -> None:
    case, run = CASES[name], CASES[name].runs[0]
    found = inline_execution.outcome(case, run, tmp_path)
    wanted = suite.expected(case, run)
    assert agree(found, wanted), f"{found}\nis not\n{wanted}"
