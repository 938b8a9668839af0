r"""Texts that engines read as their own, written in the pipeline."""


def same(text: str) -> str:
    return text


def pipeline():
    a = same("{{=1+1}} {{ ds }} $(HOME) $$ {% x %} \r\n \x7f \U0001f600")
    return a, same(""), same(" "), same("\n"), [same(t) for t in ["{{item}}", "$(x)", "'\"", "\\"]]
