"""Finds out whether a function changed its arguments in place.

In one Python process later steps would see such a change; in containers they cannot, so it is
refused. The content of what only pickle can hold is not looked at: equal objects may have
different pickles.
"""

from __future__ import annotations

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

    def save(self, value: Any) -> dict[str, Any]:
        from headrace.runtime.codecs import codec_of, is_path, written_digest

        if is_path(value):
            from headrace.runtime.folders import state_of

            return {"path": str(value), "state": state_of(str(value))}
        codec = codec_of(value)
        content: object = None
        if codec in ("bytes", "bytearray", "numpy", "torch"):
            content = written_digest(codec, value)
        elif type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "dtypes"):
            content = _digest_of_frame(value)
        return {"codec": codec, "type": type(value).__qualname__, "content": content}

    def load(self, reference: dict[str, Any]) -> object:
        raise NotImplementedError

    def save_text(self, text: str) -> dict[str, Any]:
        raise NotImplementedError

    def load_text(self, reference: dict[str, Any]) -> str:
        raise NotImplementedError


def _digest_of_frame(value: Any) -> list[str]:
    """Return the digests of a data frame's or a series' labels and cells, and its types.

    Two frames with the same cells may be laid out differently in memory, so neither their bytes
    nor their pickles tell.
    """
    import hashlib

    import pandas

    try:
        rows = pandas.util.hash_pandas_object(value, index=True)
    except TypeError:  # a cell that has no hash
        return []
    labels = repr(list(getattr(value, "columns", [])))
    return [hashlib.sha256(rows.to_numpy().tobytes()).hexdigest(), labels, str(value.dtypes)]
