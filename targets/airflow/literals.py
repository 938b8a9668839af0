"""Texts as Python, Jinja and Kubernetes read them: one function for each way."""

import inspect
import re
from collections.abc import Iterable


def python_text(text: str) -> str:
    """Return the Python string literal of `text`, spelled as formatters spell it.

    Double quotes are preferred, then whatever needs no escapes, then a raw string.
    """
    if text.isprintable() and "\\" not in text:
        if '"' not in text:
            return f'"{text}"'
        if "'" not in text:
            return f"'{text}'"
    if "\\" in text and text.isprintable() and not text.endswith("\\"):
        for quote in ('"', "'"):
            if quote not in text:
                return f"r{quote}{text}{quote}"
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_python_character(c, quote) for c in text) + quote


def python_list(texts: Iterable[str]) -> str:
    """Return the Python list of the literals of `texts`, on one line."""
    return f"[{', '.join(map(python_text, texts))}]"


_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def _python_character(character: str, quote: str) -> str:
    if character == quote:
        return "\\" + quote
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def docstring_text(text: str) -> str:
    """Return `text` as it stands between the quotes of a docstring that goes on after it."""
    lines = inspect.cleandoc(text).split("\n")
    escaped = ["".join(_python_character(c, "") for c in line.rstrip()) for line in lines]
    joined = "\n".join(escaped).strip().replace('"""', '\\"\\"\\"')
    return "\\" + joined if joined.startswith('"') else joined


def pod_name(text: str) -> str:
    """Return `text` as a legal name of a pod; the operator shortens it and adds a suffix."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def jinja_text(text: str) -> str:
    """Return the string literal that stands for `text` inside a Jinja expression.

    Jinja decodes literals as Python's unicode-escape does.
    """
    escaped = text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}"'


_NOT_PLAIN = re.compile(r"\{[{%#]|\r|\n\Z")


def template_text(text: str) -> str:
    """Return a template that Jinja renders to exactly `text`.

    Jinja reads `{{`, `{%` and `{#`, turns CR and CRLF into LF, and drops a last newline.
    """
    return f"{{{{ {jinja_text(text)} }}}}" if _NOT_PLAIN.search(text) else text


def container_text(text: str) -> str:
    """Return a template that arrives in a container as exactly `text`.

    Kubernetes expands `$(NAME)` in arguments and environment, and turns `$$` into `$`.
    """
    return template_text(text.replace("$", "$$"))


def identifier(text: str) -> str:
    """Return `text` as a Python name; keywords and clashes are the caller's concern."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    return name if not name[:1].isdigit() else f"_{name}"
