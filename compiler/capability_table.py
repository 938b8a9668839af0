"""The capability tables of all targets as one: for people and for machines."""

from collections.abc import Iterable, Sequence

from headrace.compiler.capabilities import Capabilities, Feature


def markdown(tables: Sequence[Capabilities]) -> str:
    """Return a Markdown table: a row for each feature, a column for each target."""
    rows = [["feature", *(f"{table.title} {table.versions}".strip() for table in tables)]]
    for feature in Feature:
        rows.append([feature.value, *(table.features[feature].level.value for table in tables)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = (" | ".join(map(str.ljust, row, widths)) for row in rows)
    return "".join(f"| {line} |\n" for line in lines)


def as_objects(tables: Iterable[Capabilities]) -> list[dict[str, object]]:
    """Return what JSON can hold of `tables`: for each target its features, with reasons."""
    return [
        {
            "name": table.name,
            "title": table.title,
            "versions": table.versions,
            "features": {
                feature.value: {
                    "level": table.features[feature].level.value,
                    "how": table.features[feature].how,
                    "since": table.features[feature].since,
                    "reference": table.features[feature].reference,
                }
                for feature in Feature
            },
        }
        for table in tables
    ]
