"""Steps that are imported under other names, and from the standard library inside steps."""

import json as j


def dump(value: dict[str, int]) -> str:
    return j.dumps(value, sort_keys=True)


def load(text: str) -> dict[str, int]:
    return j.loads(text)


def pipeline():
    return load(dump({"b": 1, "a": 2}))["a"]
