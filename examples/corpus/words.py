import re

COMMON = frozenset(
    "a an and are as at be but by for from in is it not of on or so that the to".split()
)


def tokens(text: str) -> list[str]:
    """Return the words of `text` in small letters, in their order."""
    return re.findall(r"[a-z]+(?:['\u2019-][a-z]+)*", text.lower())


def without_common(words: list[str]) -> list[str]:
    return [word for word in words if word not in COMMON]
