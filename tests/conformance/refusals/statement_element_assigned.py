def load() -> list[int]:
    return [1]


def pipeline():
    row = load()
    row[0] = 2  # error: HR106
    rows = [load()]
    rows[0][0] = 3  # error: HR102
    rows[0] += [1]  # error: HR102
    return rows
