def score(part: str, before: int) -> int:
    return len(part) + before


def pipeline(parts: list[str] = ["a", "b"]):
    scores = []
    for part in parts:
        scores.append(score(part, len(scores)))  # error: HR106
    return scores
