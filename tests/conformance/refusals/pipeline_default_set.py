def load(names: list[str]) -> int:
    return 1


def pipeline(names={"a", "b"}, *, data=b"x"):  # error: HR304 HR304
    return load(names)
