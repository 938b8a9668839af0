def load(x: int) -> int:
    return x


def pipeline(xs: list[int] = [1]):
    return load(lenn(xs)), load(xs.idnex(1))  # error: HR203 HR203
