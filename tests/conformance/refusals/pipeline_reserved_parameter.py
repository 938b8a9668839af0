def load(x: str) -> int:
    return 1


def pipeline(headrace_store: str = "x"):  # error: HR104
    return load(headrace_store)
