def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    scores = []
    for part in parts:  # error: HR106
        scores.append(score(part))
    return scores, part
