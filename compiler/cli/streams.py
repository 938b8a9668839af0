"""What the standard streams take."""

import os
from typing import TextIO


def in_colour(stream: TextIO) -> bool:
    """Whether `stream` should be written to in colour.

    https://no-color.org first, then https://force-color.org; otherwise terminals that can.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
