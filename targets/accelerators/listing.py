"""What can be asked for by name, as rows: for people and for machines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headrace.targets.accelerators import catalogue, resolver
from headrace.targets.accelerators.catalogue import DEVICES, Platform, Record
from headrace.targets.accelerators.fractions import fractions


@dataclass(frozen=True)
class Row:
    """One thing that `accelerator` can say on `platform`.

    `counts` are the amounts of `resource` that one pod may ask for, empty for any; `hosts` is how
    many hosts it takes; `memory_gib` is that of one device.
    """

    platform: str
    accelerator: str
    resource: str
    memory_gib: float | None
    counts: tuple[int, ...]
    hosts: int
    fractions: tuple[str, ...]
    confidence: str
    source: str
    notes: str

    def as_object(self) -> Mapping[str, object]:
        """Return what JSON can hold of it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def rows(platform: str | None = None) -> Iterator[Row]:
    """Yield what can be asked for on `platform`, by default on all but `bare` and `custom`.

    Raises:
        Unplaceable: there is no such platform.
    """
    if platform is not None:
        yield from _rows(resolver.platform_called(platform))
        return
    for name in catalogue.platform_names():
        if name not in (catalogue.BARE, catalogue.CUSTOM):
            yield from _rows(catalogue.platform(name))


def _rows(platform: Platform) -> Iterator[Row]:
    seen: set[str] = set()
    for record in platform.of_kind(*DEVICES, "gpu_sharing"):
        accelerator = asked(record)
        is_template = any("<" in value or "|" in value for value in record.node_selector.values())
        if accelerator not in seen and not is_template:
            seen.add(accelerator)
            yield _row(accelerator, record, platform)


def asked(record: Record) -> str:
    """Return how `accelerator` asks for `record`."""
    if record.kind == "tpu":
        return f"{record.canonical_name}:{record.topology}"
    return "gpu" if record.canonical_name == "any" else record.canonical_name


def _row(accelerator: str, record: Record, platform: Platform) -> Row:
    return Row(
        platform=platform.name,
        accelerator=accelerator,
        resource=record.resource_name,
        memory_gib=record.memory_gib,
        counts=record.allowed_counts,
        hosts=record.hosts,
        fractions=tuple(dict.fromkeys(fractions(record, platform))),
        confidence=record.confidence,
        source=record.source,
        notes=record.notes,
    )
