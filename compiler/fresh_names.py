"""Names that are used once."""

from collections.abc import Iterable


class Names:
    """Hands out names that are used once in a pipeline: ids of nodes, names of values in glue."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """Start with the names in `taken` used up."""
        self._taken = set(taken)
        self._numbers: dict[str, int] = {}

    def fresh(self, wanted: str, separator: str = "-") -> str:
        """Return `wanted`, or `wanted` with the first free number from 2 on."""
        name, number = wanted, self._numbers.get(wanted + separator, 1)
        while name in self._taken:
            number += 1
            name = f"{wanted}{separator}{number}"
        self._taken.add(name)
        self._numbers[wanted + separator] = number
        return name
