class Missing(Exception):
    pass


def load(x: int) -> int:
    return x


def pipeline():
    try:
        a = laod(1)  # error: HR203
        b = load(a)
    except Mising:  # error: HR201
        b = load(1)
    finally:
        laod(2)  # error: HR203
    return b
