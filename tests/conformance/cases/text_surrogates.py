"""Lone surrogates, which no UTF-8 file can hold."""


def make() -> str:
    return "\ud800x\udc00"


def measure(text: str) -> list[int]:
    return [ord(c) for c in text]


def pipeline():
    return measure(make()), measure(make() + "\udfff")
