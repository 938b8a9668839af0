r"""Texts that engines read as their own, made by a step and handed on (semantics 40)."""


def hazards() -> list[str]:
    return [
        "{{=1+1}}",
        "{{ ds }}",
        "$(HOME)",
        "$$",
        "\"'`\\",
        "a\r\nb\rc\n",
        "trailing newline\n",
        " spaces ",
        "\U0001f600 é \x7f",
        "",
        "{{item}}",
        "{{workflow.name}}",
        "{{$.inputs.parameters['x']}}",
        "@file",
        "-x",
    ]


def same(text: str) -> str:
    return text


def pipeline():
    texts = hazards()
    first, second = texts[0], texts[5]
    return [same(t) for t in texts], same(first), same(second), f"{first}{second}"
