"""Maps over `.items()`, `.keys()`, `.values()` of parameters and results."""

RUNS = [{}, {"table": {}}, {"table": {"{{x}}": 1, "": 2}}]


def same(table: dict[str, int]) -> dict[str, int]:
    return table


def entry(key: str, value: int) -> str:
    return f"{key}={value}"


def pipeline(table: dict[str, int] = {"b": 2, "a": 1}):
    made = same(table)
    return (
        [entry(k, v) for k, v in table.items()],
        [entry(k, len(k)) for k in made.keys()],
        [entry("v", v) for v in made.values()],
        {k: entry(k, v) for k, v in made.items()},
    )
