"""Names of accelerators as people write them, and the canonical ones that they stand for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace.targets.accelerators import catalogue
from headrace.targets.accelerators.catalogue import DEVICES, Record

_REQUEST = re.compile(
    r"(?P<name>[^/:]+?)(?:(?:/|:(?=mig-))(?P<fraction>[^/:]+))?(?::(?P<amount>[^/:]+))?"
)
_VENDORS = re.compile(r"^(nvidia|amd|intel|google|aws|tesla|instinct|radeon pro)[\s_-]+")
_MODEL_LABELS = ("accelerator", "gpu.product", "gpu-name", "gpu-model", "product", "device-id")
"""How the keys of labels end whose values are names of models, too."""


@dataclass(frozen=True)
class Request:
    """What `accelerator` asks for: `NAME[/FRACTION][:AMOUNT]`, the amount a count or a topology."""

    name: str
    fraction: str = ""
    amount: str = ""


def parse(text: str) -> Request | None:
    """Return what `text` asks for; nothing if it has another form."""
    match = _REQUEST.fullmatch(text.strip().lower())
    if match is None:
        return None
    fraction = (match["fraction"] or "").removeprefix("mig-").replace("+", ".")
    return Request(match["name"].strip(), fraction, match["amount"] or "")


def find(name: str, records: Iterable[Record]) -> list[Record]:
    """Return which of `records`, devices of one platform, `name` stands for; the exact first.

    A canonical name comes before one that stands for several, that before a value of a label;
    spelling with other separators, a vendor's name before it, or the memory after it comes last.
    """
    devices = [record for record in records if record.kind in DEVICES]
    synonyms = catalogue.synonyms()
    for spelled in (str.lower, compact):
        wanted = spelled(name)
        canonical = {spelled(short): full for short, full in synonyms.items()}.get(wanted, name)
        for spellings in (_canonical, _expanded, _labels):
            found = [
                record
                for record in devices
                if any(spelled(each) in (wanted, spelled(canonical)) for each in spellings(record))
            ]
            if found:
                return found
    return []


def is_known(name: str) -> bool:
    """Whether `name` stands for an accelerator on any platform."""
    return (
        name == "cpu"
        or any(compact(name) == compact(each.canonical_name) for each in not_devices())
        or bool(find(name, catalogue.all_records()))
    )


def not_devices() -> Iterator[Record]:
    """Yield what has a name of its own without being a device: shares and claims of some."""
    for record in (*catalogue.all_records(), *catalogue.claimed()):
        if record.kind in ("gpu_sharing", "dra", "tpu_rule"):
            yield record


def known_names() -> set[str]:
    """Return all names: those of devices, those that stand for several, and `cpu`."""
    general = {record.canonical_name for record in catalogue.general().of_kind("alias", "cpu")}
    return general | {r.canonical_name for r in catalogue.all_records() if r.kind in DEVICES}


def compact(name: str) -> str:
    """Return `name` without the vendor before it, without separators, in lower case."""
    stripped = name.lower()
    while match := _VENDORS.match(stripped):
        stripped = stripped[match.end() :]
    return re.sub(r"gib?$", "gb", re.sub(r"[\W_]+", "", stripped))


def _canonical(record: Record) -> Iterator[str]:
    yield record.canonical_name
    if record.memory_gib:
        yield f"{record.canonical_name}-{record.memory_gib:g}gb"
    if record.tpu_accelerator_type_env:
        yield record.tpu_accelerator_type_env


def _expanded(record: Record) -> Iterator[str]:
    """Yield the names that stand for several records, of which `record` is one."""
    for alias in catalogue.general().of_kind("alias"):
        any_nvidia = alias.canonical_name == "gpu" and record.canonical_name == "any"
        if record.canonical_name in alias.expands_to or any_nvidia:
            yield alias.canonical_name


def _labels(record: Record) -> Iterator[str]:
    for key, values in record.labels.items():
        if key.endswith(_MODEL_LABELS):
            yield from values
    yield from record.product_names
