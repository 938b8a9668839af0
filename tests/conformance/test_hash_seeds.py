"""Promise 4: a manifest does not depend on the order in which Python happens to keep a set."""

import json
import os
import subprocess
import sys
from pathlib import Path

from conformance.suite import CASES

TESTS = Path(__file__).resolve().parents[1]

PROGRAM = """
import json, sys
from conformance import evidence, suite
from headrace.compiler.registry import MANIFEST_TARGETS

print(json.dumps({
    f"{name} on {target}": evidence.digest(suite.emitted(case, target)[0])
    for name, case in suite.CASES.items()
    for target in MANIFEST_TARGETS
    if target not in case.refused
}))
"""


def test_every_case_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(TESTS)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "20")
    ]
    first, second = (json.loads(process.communicate()[0]) for process in processes)

    assert len(first) > 2 * len(CASES)
    assert {name for name in first if first[name] != second[name]} == set()
