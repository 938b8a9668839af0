"""Parts of pages that are generated: what stands between two comments of one name."""

import re


def between(text: str, name: str, content: str) -> str:
    """Return `text` with `content` as its part `name`."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    assert begin in text, name
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    return re.sub(pattern, lambda _: begin + "\n" + content + "\n" + end, text, flags=re.DOTALL)
