"""A module that cannot be imported in the step: the function's own import fails."""


def load() -> int:
    import a_module_that_is_not_there

    return a_module_that_is_not_there.answer


def pipeline():
    return load()
