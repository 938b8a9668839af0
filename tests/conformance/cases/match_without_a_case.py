"""Match without a case."""

RUNS = [{}, {"text": "{{=1+1}}"}]


def pipeline(text: str = "é"):
    y = 0
    match text:
        case "a":
            y = 1
    return y
