def load(x: int) -> int:
    return x


def pipeline(flag: bool = True):
    try:
        y = flag and load(1) or load(valu)  # error: HR201
        z = load([load(i) for i in [y]]) + retur  # error: HR201
    except ValueError:
        y = load(caught)  # error: HR201
    return y
