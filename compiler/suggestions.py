"""Words of messages: the known names that someone probably meant, and counts."""

import re
from collections.abc import Iterable, Sequence

_MOST_NAMES = 3
_MOST_SLIPS = 3
_SEPARATORS = re.compile(r"[\W_]+")
_SHORTEST_PART = 3
"""A part of a name says something from this many characters on."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean "x"?`` for the nearest names in `known`, at most three, or nothing."""
    quoted = [f'"{candidate}"' for candidate in near(name, known)]
    if not quoted:
        return ""
    *others, last = quoted
    return f"did you mean {', '.join(others)}{' or ' if others else ''}{last}?"


def known_names(known: Iterable[str]) -> str:
    """Return the names in `known` as a sentence's end: ``known here: a, b``."""
    return "known here: " + ", ".join(sorted(known))


def counted(count: int, noun: str) -> str:
    """Return `count` and `noun`, in the plural where it is not one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def first_of(texts: Sequence[str], most: int) -> str:
    """Return at most the first `most` of `texts`, and how many more there are."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def near(name: str, known: Iterable[str]) -> list[str]:
    """Return the names in `known` that are nearest to `name`: at most three, all equally near.

    Nearest is what differs in case or in separators only; then what the fewest slips of the pen
    separate (three at most, and one for each three characters); then what has the same words, or
    some more or less of them; then what begins alike.
    """
    written = name.lower()
    most = min(max(len(written), 3) // 3, _MOST_SLIPS)
    found: dict[tuple[int, int], list[str]] = {}
    for candidate in sorted(set(known) - {name}):
        rank = _rank(written, candidate.lower(), most)
        if rank is not None:
            found.setdefault(rank, []).append(candidate)
            most = min(most, rank[1]) if rank[0] == 1 else most
    return found[min(found)][:_MOST_NAMES] if found else []


def _rank(name: str, candidate: str, most: int) -> tuple[int, int] | None:
    """Return how far `candidate` is from `name`; None when it is too far.

    Both are in lower case; `most` is how many slips make it too far.
    """
    words, candidate_words = _words(name), _words(candidate)
    if words and "".join(words) == "".join(candidate_words):
        return 0, 0
    slips = _slips(name, candidate, most)
    if slips is not None and slips < max(len(name), len(candidate)):
        return 1, slips
    if 2 * len(candidate) < len(name):
        return None  # `all` is not what `all_models` was meant to be
    fewer, more = sorted((set(words), set(candidate_words)), key=len)
    if fewer <= more and any(len(word) >= _SHORTEST_PART for word in fewer):
        return 2, len(more) - len(fewer)
    alike = _common(name, candidate)
    if alike >= max(_SHORTEST_PART, 0.75 * min(len(name), len(candidate))):
        return 3, len(name) + len(candidate) - 2 * alike
    return None


def _common(name: str, candidate: str) -> int:
    """Return how many characters the two begin with in common."""
    pairs = zip(name, candidate, strict=False)
    different = (at for at, (one, other) in enumerate(pairs) if one != other)
    return next(different, min(len(name), len(candidate)))


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name) if word]


def _slips(name: str, candidate: str, most: int) -> int | None:
    """Return how many slips lead from one to the other, or None when they are more than `most`.

    A slip adds, drops or replaces a character, or swaps two neighbours (the optimal string
    alignment distance: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance).
    """
    if abs(len(name) - len(candidate)) > most:
        return None
    start = _common(name, candidate)
    name, candidate = name[start:], candidate[start:]
    end = _common(name[::-1], candidate[::-1])
    name, candidate = name[: len(name) - end], candidate[: len(candidate) - end]
    before: list[int] = []
    above = list(range(len(candidate) + 1))
    for i, character in enumerate(name, 1):
        row = [i]
        for j, other in enumerate(candidate, 1):
            cost = min(above[j] + 1, row[-1] + 1, above[j - 1] + (character != other))
            if i > 1 and j > 1 and character == candidate[j - 2] and name[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(above) > most:
            return None
        before, above = above, row
    return above[-1] if above[-1] <= most else None
