"""Artifacts that pass through an expression without being read.

Most expressions only pick an artifact or put it into a list. What it is made of need not be fetched
for that, and the packages that could read it need not be installed.
"""

from __future__ import annotations

from headrace.runtime.errors import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from headrace.runtime.wire import Keeper


class Touched(BaseException):
    """An expression reads an artifact: evaluate it again over the artifact itself."""


class Opaque:
    """Stands for an artifact; everything but passing it on raises `Touched`."""

    __slots__ = ("fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        """Stand for the artifact that `fields` refer to."""
        self.fields = fields


def _touched(*_: object, **__: object) -> NoReturn:
    raise Touched


_OPERATORS = (
    "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor radd rsub rmul "
    "rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand ror rxor neg pos abs invert "
    "round int float complex index bool len iter next reversed contains getitem getattr call eq ne "
    "lt le gt ge hash str repr format bytes reduce reduce_ex"
)
for _name in _OPERATORS.split():
    setattr(Opaque, f"__{_name}__", _touched)


class References:
    """Reads values as `store` does, but leaves artifacts where they are."""

    def __init__(self, store: Keeper | None) -> None:
        """Take long values from `store`, if there is one."""
        self._store = store
        self.met = False
        """Whether there was an artifact."""

    def load(self, reference: dict[str, Any]) -> object:
        """Return what stands for the artifact."""
        self.met = True
        return Opaque(reference)

    def load_text(self, reference: dict[str, Any]) -> str:
        """Return the text that `reference` stands for.

        Raises:
            ManifestError: there is no store.
        """
        return self._present().load_text(reference)

    def save(self, value: object) -> dict[str, Any]:
        """Keep `value`; see `load_text`."""
        return self._present().save(value)

    def save_text(self, text: str) -> dict[str, Any]:
        """Keep `text`; see `load_text`."""
        return self._present().save_text(text)

    def _present(self) -> Keeper:
        if self._store is None:
            raise ManifestError("a value is in a store and none is set: set HEADRACE_STORE")
        return self._store
