def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    for part in parts:
        last = score(part)  # error: HR106
    return last
