def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    scores = []
    same = scores
    for part in parts:
        scores.append(score(part))  # error: HR106
    return same
