"""Comments at the ends of lines that say what must be reported there: ``# error: HR201``."""

import re
from collections import Counter

_MARKER = re.compile(r"# (error|warning): ((?:HR\d{3} ?)+)")


def marked(source: str) -> Counter[tuple[int, str, str]]:
    """Return line, severity and code of all that `source` marks, as often as it marks it."""
    return Counter(
        (number, marker[1], code)
        for number, line in enumerate(source.splitlines(), 1)
        for marker in _MARKER.finditer(line)
        for code in marker[2].split()
    )
