"""A failing step whose message has quotes, braces and other scripts."""

RUNS = [{}, {"text": "$(HOME) 'x' é \U0001f600"}]


def fail(text: str) -> str:
    raise ValueError(text)


def pipeline(text: str = "{{=1+1}} {{workflow.name}}"):
    return fail(text)
