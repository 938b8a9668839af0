def score(part: str) -> int:
    return len(part)


def pipeline(parts: list[str] = ["a", "b"]):
    row = [0]
    for row[0] in parts:  # error: HR102
        score("x")
    for first, *others in [[1, 2]]:  # error: HR102
        score(first)
    return others
