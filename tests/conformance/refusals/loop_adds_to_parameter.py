def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    for part in [1, 2]:
        parts.append(score(part))  # error: HR106
    return parts
