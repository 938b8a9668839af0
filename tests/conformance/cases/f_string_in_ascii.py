"""F-string in ASCII."""

RUNS = [{}, {"text": "{{=1+1}}"}]


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline(text: str = "é"):
    x = show(text="é{")
    return f"{x!a:>20} {text!a} é"
