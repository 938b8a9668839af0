"""Steps from packages of the project: absolute and relative imports, constants, re-exports."""

from tools import words
from tools.deep.squares import LIMIT, square as squared
from tools.words import count

import helpers


def pipeline(text: str = "a plain text"):
    n = count(text)
    s = squared(n)
    if s > LIMIT:
        y = helpers.halve(s)
    else:
        y = words.shout(text)
    return n, s, y, helpers.nothing()
