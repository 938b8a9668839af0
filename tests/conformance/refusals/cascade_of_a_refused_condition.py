def load(x: int) -> int:
    return x


def pipeline():
    if mising:  # error: HR201
        size = load(1, 2)  # error: HR204
    else:
        size = load(y=1)  # error: HR204
    assert lambda: 1  # error: HR102
    return load(z=size) if mising else laod(size)  # error: HR204 HR203
