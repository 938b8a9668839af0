"""Lists, dicts and nested ones as parameters; items and fields of them reach steps."""

RUNS = [
    {},
    {"rows": [{"name": "x", "sizes": []}]},
    {"rows": []},
    {"rows": [{"name": "{{x}}", "sizes": [1.0, 2]}], "scale": 3},
]


def show(name: str, sizes: list[float], scale: float) -> str:
    return f"{name}:{[s * scale for s in sizes]!r}"


def pipeline(
    rows: list[dict[str, object]] = [{"name": "a", "sizes": [1, 2.5]}, {"name": "b", "sizes": [0]}],
    scale: float = 2,
):
    return [show(row["name"], row["sizes"], scale) for row in rows], [r["name"] for r in rows]
