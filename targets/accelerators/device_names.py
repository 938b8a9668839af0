"""What the drivers of accelerators call them, so that a step can tell whether it has its own."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from headrace.targets.accelerators.catalogue import Record


def device_name(records: Iterable[Record]) -> str:
    """Return a regular expression for the name of a device that one of `records` stands for.

    It is empty where one of them has a name that is not known.
    """
    # A part of a device is called after it, `a100-80gb/1g.10gb`.
    names = [record.canonical_name.partition("/")[0] for record in records]
    known = [_names().get(name, "") for name in names]
    return "|".join(dict.fromkeys(known)) if all(known) else ""


@cache
def _names() -> dict[str, str]:
    """Return the regular expressions, by canonical name, of the catalogue's source."""
    text = files("headrace.targets.accelerators").joinpath("device_names.json")
    names: dict[str, str] = json.loads(text.read_text(encoding="utf-8"))
    return names
