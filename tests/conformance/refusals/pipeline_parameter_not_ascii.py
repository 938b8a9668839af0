def load(x: float) -> int:
    return 1


def pipeline(größe: float = 1.0):  # error: HR104
    return load(größe)
