# /// script
# [tool.headrace.steps.flaky]
# retries = { limit = 2, delay = 0 }
# env = { CONFORMANCE_FLAKY = "1" }
# ///
"""An attempt that only an engine loses is made again, and counts (semantics 21, 22, 26 and 27)."""

import os
import tempfile
from pathlib import Path

RUNS = [{}, {"xs": []}]


def flaky(x: int) -> tuple[Path, str]:
    mark = Path(tempfile.gettempdir()) / f"attempted-{x}"
    path = Path(f"out-{x}.txt")
    if "CONFORMANCE_FLAKY" in os.environ and not mark.exists():
        mark.write_text("")
        path.write_text("of a lost attempt")
        raise OSError("the first attempt is lost")
    path.write_text(f"file {x}")
    return path, f"text {x}"


def read(path: Path, text: str) -> str:
    return f"{path.name} {path.read_text()} {text}"


def pipeline(xs: list[int] = [1, 2]):
    path, text = flaky(0)
    out = []
    for x in xs:
        file, word = flaky(x)
        out.append(read(file, word))
    return read(path, text), out
