"""The fields of a PodSpec and their types, as the Kubernetes client of Python knows them.

As a program, in the environment of Airflow, it writes them to `compiler/pod_fields.json`.
"""

import json
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "compiler" / "pod_fields.json"
ROOT = "PodSpec"
PLAIN = {"any", "bool", "int", "str"}


def table() -> dict[str, dict[str, str]]:
    """Return the fields of each object in a PodSpec, with their types, by its name.

    A type is `str`, `int`, `bool`, `any`, the name of an object, `[TYPE]` for a list, or `{TYPE}`
    for a mapping.
    """
    found: dict[str, dict[str, str]] = {}
    waiting = [ROOT]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        model: Any = _model(name)
        found[name] = {
            model.attribute_map[field]: _type(written)
            for field, written in model.openapi_types.items()
        }
        waiting += (t for t in map(_inner, found[name].values()) if t not in PLAIN)
    return {name: dict(sorted(fields.items())) for name, fields in sorted(found.items())}


def _type(written: str) -> str:
    if match := re.fullmatch(r"list\[(.*)\]", written):
        return f"[{_type(match[1])}]"
    if match := re.fullmatch(r"dict[(\[]str, (.*)[)\]]", written):
        return f"{{{_type(match[1])}}}"
    others = {"object": "any", "datetime": "str"}
    return others.get(written, re.sub("^(Core)?V1", "", written))


def _model(name: str) -> Any:
    from kubernetes.client import models

    return getattr(models, f"V1{name}", None) or getattr(models, f"CoreV1{name}")


def _inner(written: str) -> str:
    return written.strip("[]{}")


def text() -> str:
    """Return the table as it stands in the file."""
    lines = (f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in table().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
