"""Match names."""

RUNS = [{}, {"text": "{{=1+1}}"}]


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline(text: str = "é"):
    match text:
        case "é" as e:
            return show(text=e)
        case other:
            return other
