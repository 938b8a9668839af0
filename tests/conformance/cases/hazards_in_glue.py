"""Hazards in glue."""


def show(*, text: str, end: str = "!") -> str:
    return text + end


def pipeline():
    x = show(text="{{x}}")
    return x + "{{=1+1}} {% raw %} $$ \x7f é \U0001f600"
