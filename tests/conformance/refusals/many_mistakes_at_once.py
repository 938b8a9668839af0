def load(x: int) -> int:
    return x


def pipeline():
    a = laod(1)  # error: HR203
    while a:  # error: HR102
        a = 2
    b = load(a, q=1)  # error: HR204
    c, d, e = b, a  # error: HR301
    return b, c, d, e, f  # error: HR201
