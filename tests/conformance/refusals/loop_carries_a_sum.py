def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    total = 0
    for part in parts:
        total += score(part)  # error: HR106
    return total
