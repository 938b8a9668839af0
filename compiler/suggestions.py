"""The known name that someone probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean "x"?`` for the name in `known` closest to `name`, or nothing."""
    by_lower_case = {candidate.lower(): candidate for candidate in sorted(known)}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    return f'did you mean "{by_lower_case[close[0]]}"?' if close else ""


def known_names(known: Iterable[str]) -> str:
    """Return the names in `known` as a sentence's end: ``known here: a, b``."""
    return "known here: " + ", ".join(sorted(known))
