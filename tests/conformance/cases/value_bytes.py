"""Bytes are artifacts; they arrive byte for byte."""


def make() -> bytes:
    return bytes(range(256)) + b"\r\n{{x}}$(HOME)"


def measure(data: bytes) -> list[int]:
    return [len(data), sum(data)]


def reverse(data: bytes) -> bytes:
    return data[::-1]


def pipeline():
    data = make()
    return measure(data), measure(reverse(data)), reverse(reverse(data))
