"""How the values that are no text become objects of the store, and come back."""

import io
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any, Optional

from headrace.runtime.store import FileStore
from headrace.runtime.wire import TAG, BadValue, parse

Reference = "dict[str, Any]"


class StoredArtifacts:
    """Artifacts in a store; what a step reads of them is copied into a folder of its own."""

    def __init__(self, store: Optional[FileStore], folder: Optional[str] = None) -> None:
        """Use `store`; files are copied below `folder`, by default a new temporary one."""
        self._store = store
        self._folder = folder
        self._copies = 0

    @property
    def store(self) -> FileStore:
        """The store.

        Raises:
            BadValue: there is none.
        """
        if self._store is None:
            raise BadValue(
                "this value is an artifact and needs a store: set `store` in the configuration, or "
                "the run parameter `headrace-store`, to a folder that all steps share"
            )
        return self._store

    def save(self, value: object) -> "dict[str, Any]":
        """Store `value`, and return the reference that stands for it.

        Raises:
            BadValue: there is no store, or the value cannot be stored.
        """
        if isinstance(value, os.PathLike):
            return self._save_path(os.fspath(value))
        codec = _codec_of(value)
        buffer = io.BytesIO()
        try:
            _CODECS[codec][0](value, buffer)
        except Exception as error:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise BadValue(f"a {kind} cannot be stored: {error}") from error
        content = buffer.getvalue()
        digest = self.store.put(content)
        return {TAG: "artifact", "codec": codec, "digest": digest, "size": len(content)}

    def spill(self, text: str) -> "dict[str, Any]":
        """Store a value's JSON that is too long to travel, and return what stands for it."""
        content = text.encode()
        return {TAG: "stored", "digest": self.store.put(content), "size": len(content)}

    def _save_path(self, path: str) -> "dict[str, Any]":
        name = os.path.basename(os.path.abspath(path))
        if os.path.isdir(path):
            digest, size = self.store.put_folder(path)
            codec = "folder"
        elif os.path.isfile(path):
            digest, size = self.store.put_file(path)
            codec = "file"
        else:
            raise BadValue(f"the path {path} was returned, but there is no such file or folder")
        return {TAG: "artifact", "codec": codec, "name": name, "digest": digest, "size": size}

    def load(self, reference: "dict[str, Any]") -> object:
        """Return the value that `reference` stands for.

        Raises:
            BadValue: there is no store, or the reference is of no known kind.
            Corrupt: the store lacks the object, or it is damaged.
        """
        if reference[TAG] == "stored":
            from headrace.runtime.wire import decode

            return decode(self.store.get(reference["digest"]).decode(), self)
        codec = reference["codec"]
        if codec in ("file", "folder"):
            return self._load_path(reference, is_folder=codec == "folder")
        if codec not in _CODECS:
            raise BadValue(f"unknown codec of an artifact: {codec}")
        return _CODECS[codec][1](io.BytesIO(self.store.get(reference["digest"])))

    def _load_path(self, reference: "dict[str, Any]", *, is_folder: bool) -> object:
        from pathlib import Path

        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="headrace-")
        self._copies += 1
        name = os.path.basename(reference["name"]) or "artifact"
        target = os.path.join(self._folder, str(self._copies), name)
        if is_folder:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            self.store.get_folder(reference["digest"], target)
        else:
            self.store.get_file(reference["digest"], target)
        return Path(target)


def has_pickle(text: str) -> bool:
    """Whether the value in `text` holds a pickle, whose bytes may differ for equal values."""
    pending = [parse(text)]
    while pending:
        tree = pending.pop()
        if isinstance(tree, dict):
            if tree.get(TAG) == "artifact" and tree.get("codec") == "pickle":
                return True
            pending.extend(tree.values())
        elif isinstance(tree, list):
            pending.extend(tree)
    return False


def _codec_of(value: object) -> str:
    if type(value) in (bytes, bytearray):
        return type(value).__name__
    numpy, torch, pandas = (sys.modules.get(name) for name in ("numpy", "torch", "pandas"))
    if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
        return "numpy"
    if torch is not None and type(value) is torch.Tensor:
        return "torch"
    if pandas is not None and type(value) is pandas.DataFrame and _has_parquet():
        return "parquet"
    return "pickle"


def _has_parquet() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _save_numpy(value: Any, file: io.BytesIO) -> None:
    import numpy

    numpy.save(file, value, allow_pickle=False)


def _load_numpy(file: io.BytesIO) -> object:
    import numpy

    loaded: object = numpy.load(file, allow_pickle=False)
    return loaded


def _save_torch(value: Any, file: io.BytesIO) -> None:
    import torch

    # A view would drag its whole storage along.
    torch.save(value.detach().clone() if not value.requires_grad else value, file)


def _load_torch(file: io.BytesIO) -> object:
    import torch

    loaded: object = torch.load(file, weights_only=True)
    return loaded


def _save_parquet(value: Any, file: io.BytesIO) -> None:
    value.to_parquet(file)


def _load_parquet(file: io.BytesIO) -> object:
    import pandas

    loaded: object = pandas.read_parquet(file)
    return loaded


def _save_pickle(value: Any, file: io.BytesIO) -> None:
    import pickle

    pickle.dump(value, file, protocol=4)


def _load_pickle(file: io.BytesIO) -> object:
    import pickle

    loaded: object = pickle.load(file)
    return loaded


def _save_bytes(value: Any, file: io.BytesIO) -> None:
    file.write(value)


_CODECS: "dict[str, tuple[Callable[[Any, io.BytesIO], None], Callable[[io.BytesIO], object]]]" = {
    "bytes": (_save_bytes, lambda file: file.read()),
    "bytearray": (_save_bytes, lambda file: bytearray(file.read())),
    "numpy": (_save_numpy, _load_numpy),
    "torch": (_save_torch, _load_torch),
    "parquet": (_save_parquet, _load_parquet),
    "pickle": (_save_pickle, _load_pickle),
}
