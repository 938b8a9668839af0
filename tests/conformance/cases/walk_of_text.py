"""Walk of text."""

RUNS = [{}, {"text": "{{=1+1}}"}]


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline(text: str = "é"):
    return [c.upper() for c in text] + [show(text=c) for c in "ab"]
