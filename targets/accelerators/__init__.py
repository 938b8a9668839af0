"""Where a step runs: the catalogue of accelerators, as data, and one resolver for every target."""

from headrace.targets.accelerators.placement import (
    SHARED_MEMORY_PATH,
    SHARED_MEMORY_VOLUME,
    Claim,
    Placement,
    place,
    place_on_hosts,
    placed_steps,
)

__all__ = [
    "SHARED_MEMORY_PATH",
    "SHARED_MEMORY_VOLUME",
    "Claim",
    "Placement",
    "place",
    "place_on_hosts",
    "placed_steps",
]
