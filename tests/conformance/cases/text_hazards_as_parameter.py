r"""Texts that engines read as their own, as the parameter of a run (semantics 40)."""

RUNS = [
    {},
    {"text": "{{ ds }}"},
    {"text": "$(HOME) $$ $$(HOME)"},
    {"text": "{% raw %}{# c #}"},
    {"text": '"\'`\\ \\" \\n'},
    {"text": "a\r\nb\rc\n"},
    {"text": "  spaces  "},
    {"text": ""},
    {"text": "=1"},
    {"text": "*[]"},
    {"text": "\x7f\x00\x1f \u2028 \U0001f600"},
    {"text": "--flag=1"},
    {"text": "{{inputs.parameters.text}}"},
    {"text": "null"},
    {"text": "true"},
]


def same(text: str) -> str:
    return text


def measure(text: str) -> list[int]:
    return [ord(c) for c in text]


def pipeline(text: str = "{{=1+1}}"):
    return text, same(text), measure(text), f"<{text}>", same(text + text)
