"""Airflow's own OpenAPI document as a judge of what is asked of its REST API, and answered.

https://spec.openapis.org/oas/v3.1.0 has JSON Schema of 2020-12 for bodies.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from fake_server import Request


@cache
def document() -> dict[str, Any]:
    """Return the document that the installed Airflow ships."""
    spec = importlib.util.find_spec("airflow.api_fastapi.core_api.openapi")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).with_name("v2-rest-api-generated.yaml")
    loaded: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    return loaded


def judge_request(request: Request) -> None:
    """Raise if Airflow knows no such request, or would refuse its parameters or its body."""
    operation = _operation(request.method, request.path)
    known = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    assert set(request.query) <= known, (request.path, request.query)
    if request.body is not None:
        _validate(request.body, operation["requestBody"]["content"])


def judge_answer(path: str, answer: Any) -> None:
    """Raise if `answer` is not what Airflow answers to a GET of `path`."""
    content = _operation("GET", path)["responses"]["200"]["content"]
    _validate(answer, content)


def _operation(method: str, path: str) -> dict[str, Any]:
    for known, operations in document()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(known))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            operation: dict[str, Any] = operations[method.lower()]
            return operation
    raise AssertionError(f"Airflow knows no {method} {path}")


def _validate(value: Any, content: dict[str, Any]) -> None:
    schema = {**content["application/json"]["schema"], "components": document()["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)
