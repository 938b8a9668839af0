"""Dicts keep the order of their keys, at every depth (engines sort them)."""


def make() -> dict[str, dict[str, list[int]]]:
    return {"z": {"b": [1], "a": [2]}, "a": {"z": [], "y": [3, 4]}}


def keys(value: dict[str, dict[str, list[int]]]) -> str:
    return ",".join(f"{k}:{'/'.join(v)}" for k, v in value.items())


def pipeline():
    made = make()
    return keys(made), made, list(made), [k for k in made["z"]]
