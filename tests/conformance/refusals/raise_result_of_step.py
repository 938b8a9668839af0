def problem() -> Exception:
    return ValueError()


def pipeline(n: int = 1):
    if n:
        raise problem()  # error: HR102
    return n
