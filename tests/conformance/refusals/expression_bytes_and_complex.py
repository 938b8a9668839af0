def load(data: bytes) -> int:
    return 1


def pipeline():
    return load(b"raw"), load(1j), load(...)  # error: HR102 HR102 HR102
