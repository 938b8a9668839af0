"""Empty list of an f-string."""


def pipeline():
    return f""
