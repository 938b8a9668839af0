"""The base of the compiler's records.

Structs of msgspec, not models of pydantic, whose import and declarations took half of a short
compilation. Their types are checked by mypy where the compiler makes them, and when JSON is read
back.
"""

from typing import Any, Self, dataclass_transform

import msgspec


class _FrozenStructMeta(msgspec.StructMeta):
    """Makes every struct frozen, with its fields given by name, and closed to unknown ones."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any
    ) -> Any:
        """Declare the struct called `name`; `config` is msgspec's."""
        config |= {"frozen": True, "kw_only": True, "forbid_unknown_fields": True}
        return super().__new__(mcls, name, bases, namespace, **config)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class FrozenStruct(msgspec.Struct, frozen=True, metaclass=_FrozenStructMeta):
    """A record that is never changed; equal where its fields are."""

    def replace(self, **fields: Any) -> Self:
        """Return a copy with other `fields`.

        Raises:
            TypeError: there is no field of that name.
        """
        return msgspec.structs.replace(self, **fields)


def without_suffix(suffix: str) -> Any:
    """Return a `tag` for msgspec: the lower-cased name of a class without `suffix`."""
    return lambda name: name.removesuffix(suffix).lower()
