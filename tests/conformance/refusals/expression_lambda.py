def apply(values: list[int], by: str) -> list[int]:
    return values


def pipeline():
    ordered = sorted([2, 1], key=lambda x: -x)  # error: HR102
    return apply(ordered, by=lambda: missing)  # error: HR102
