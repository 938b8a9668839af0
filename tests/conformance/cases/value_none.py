"""None is a value like another (semantics 39: null, optional)."""

RUNS = [{}, {"given": "x"}, {"given": None}]


def maybe(given: str | None) -> str | None:
    return None if given is None else given * 2


def show(value: str | None) -> str:
    return repr(value)


def pipeline(given: str | None = None):
    doubled = maybe(given)
    return doubled, show(doubled), [show(v) for v in [None, given, doubled]], doubled is None
