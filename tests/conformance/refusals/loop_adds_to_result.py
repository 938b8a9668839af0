def scores() -> list[int]:
    return []


def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    found = scores()
    for part in parts:
        found.append(score(part))  # error: HR106
    return found
