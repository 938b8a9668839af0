"""Keys of a dict that look like tags of ours, and values that look like wire texts."""


def make() -> dict[str, object]:
    return {"!": "artifact", "of": [1], "digest": "sha256:0", "=": "=1", "*": "*[]"}


def show(value: object) -> str:
    return repr(value)


def pipeline():
    made = make()
    return made, show(made), [show(v) for v in made.values()], show({"!": made})
