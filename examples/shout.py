"""Shout a text, word by word: what the README shows. No image is set, so its code travels."""


def words(text: str) -> list[str]:
    return text.split()


def shout(word: str) -> str:
    return word.upper()


def join(parts: list[str]) -> str:
    return " ".join(parts)


def pipeline(text: str = "a plain pipeline"):
    return join([shout(word) for word in words(text)])
