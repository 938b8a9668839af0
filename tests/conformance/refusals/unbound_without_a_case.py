def load(x: int) -> int:
    return x


def pipeline(kind: str = "a"):
    match kind:
        case "a":
            size = load(1)
        case "b":
            size = load(2)
    return size  # error: HR202
