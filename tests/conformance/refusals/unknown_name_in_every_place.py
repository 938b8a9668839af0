def load(x: int) -> int:
    return x


def pipeline():
    if a:  # error: HR201
        return 1
    assert b, c  # error: HR201 HR201
    for x in d:  # error: HR201
        load(x)
    y = [load(x) for x in [1] if e]  # error: HR201
    y += f  # error: HR201
    match g:  # error: HR201
        case 1:
            pass
    return y[h] if i else j  # error: HR201 HR201 HR201
