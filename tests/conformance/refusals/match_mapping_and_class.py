def load() -> dict:
    return {}


def pipeline():
    match load():
        case {"kind": kind, **rest}:  # error: HR102
            return kind, rest
        case int(value=x):
            return x
    return None
