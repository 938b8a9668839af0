def load() -> list[int]:
    return [1, 2]


def pipeline():
    match load():
        case [first, *others]:  # error: HR102
            y = first
        case _:
            y = 0
    return y
