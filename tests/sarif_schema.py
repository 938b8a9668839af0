"""The committee's own schema of SARIF 2.1.0 as a judge of logs.

`data/sarif/NOTICE.md` says where it comes from.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = Path(__file__).parent / "data" / "sarif" / "sarif-schema-2.1.0.json.gz"


def errors(log: dict[str, Any]) -> list[str]:
    """Return what the schema has against `log`, with the place of each error."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(log)]


@cache
def _validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(gzip.decompress(SCHEMA.read_bytes())))
