def load(x: str) -> int:
    return 1


def pipeline():
    return load(f"{nmae:>{width}}")  # error: HR201 HR201
