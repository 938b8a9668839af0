"""Finds out whether a function changed its arguments in place.

In one Python process later steps would see such a change; in containers they cannot, so it is
refused. Of an object that only pickle can hold the state is looked at, part by part: equal objects
may have different pickles. What libraries keep in private attributes is left out, and the mode of a
torch module: both change when an object is only used.
"""

from __future__ import annotations

import os
import sys

from headrace.runtime import wire
from headrace.runtime.errors import StepError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def fingerprints(arguments: Mapping[str, object]) -> dict[str, str]:
    """Return a text for each argument that differs when its content was changed."""
    return {name: _fingerprint(value) for name, value in arguments.items()}


def changed(before: Mapping[str, str], arguments: Mapping[str, object]) -> list[str]:
    """Return the names of the `arguments` whose content is not as `before` says."""
    return [name for name, value in arguments.items() if _fingerprint(value) != before[name]]


def _fingerprint(value: object) -> str:
    try:
        return wire.encode(value, _Hashing())
    except StepError as error:
        return f"cannot be encoded: {error}"


class _Hashing:
    """Takes the place of a store, and only tells contents apart."""

    def __init__(self) -> None:
        """Start with no object seen."""
        self._seen: dict[int, tuple[int, object]] = {}

    def save(self, value: Any) -> dict[str, Any]:
        from headrace.runtime.codecs import codec_of, is_path, written_digest

        if is_path(value):
            from headrace.runtime.folders import state_of

            return {"path": str(value), "state": state_of(str(value))}
        if id(value) in self._seen:
            return {"seen": self._seen[id(value)][0]}
        self._seen[id(value)] = len(self._seen), value  # kept, so that no other gets its id
        codec = codec_of(value)
        content: object = None
        if codec in ("bytes", "bytearray", "numpy", "torch"):
            content = written_digest(codec, value)
        elif type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "dtypes"):
            content = _digest_of_frame(value)
        else:
            content = wire.encode(_state(value), self)
        return {"codec": codec, "type": type(value).__qualname__, "content": content}

    def load(self, reference: dict[str, Any]) -> object:
        raise NotImplementedError

    def save_text(self, text: str) -> dict[str, Any]:
        raise NotImplementedError

    def load_text(self, reference: dict[str, Any]) -> str:
        raise NotImplementedError


def _state(value: Any) -> object:
    """Return what `value` is made of, as pickle would take it apart."""
    if isinstance(value, type) or not hasattr(value, "__reduce_ex__"):
        return repr(value)
    try:
        reduced = value.__reduce_ex__(4)
    except Exception:  # code of the value's class
        return None
    if isinstance(reduced, str):
        return reduced
    arguments, state, elements, entries = [*reduced[1:5], None, None, None][:4]
    if isinstance(state, dict):
        state = {k: v for k, v in state.items() if not _changes_in_use(value, k)}
    return [list(arguments), state, list(elements or ()), [list(each) for each in entries or ()]]


def _changes_in_use(value: object, name: object) -> bool:
    """Whether the attribute may change although nobody would say that `value` did."""
    kind = type(value)
    if type(getattr(kind, str(name), None)).__name__ == "cached_property":
        return True
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        return name == "training"
    return str(name).startswith("_") and _is_installed(kind.__module__)


def _is_installed(module: str) -> bool:
    """Whether `module` is no code of the project: it is built in, or was installed."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module != "__main__"
    library = os.path.dirname(os.__file__)
    return "-packages" in file or os.path.dirname(os.path.abspath(file)).startswith(library)


def _digest_of_frame(value: Any) -> list[str]:
    """Return the digests of a data frame's or a series' labels and cells, and its types.

    Two frames with the same cells may be laid out differently in memory, so neither their bytes
    nor their pickles tell.
    """
    import hashlib

    import pandas

    try:
        cells = pandas.util.hash_pandas_object(value, index=True).to_numpy().tobytes()
    except TypeError:  # a cell that has no hash
        cells = repr([value.index.tolist(), value.to_numpy().tolist()]).encode()
    columns = getattr(value, "columns", None)
    names = [] if columns is None else [list(columns), columns.names]
    labels = repr([names, value.index.names, getattr(value, "name", None), value.attrs])
    return [hashlib.sha256(cells).hexdigest(), labels, str(value.dtypes)]
