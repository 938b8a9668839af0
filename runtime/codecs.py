"""Artifacts: the values that travel as objects of the store, each kind in a form of its own.

Packages of the user's are imported only for a value that comes from them, or to read one.
"""

from __future__ import annotations

import os
import sys

from headrace.runtime.errors import DataError
from headrace.runtime.store import HashingFile, Store
from headrace.runtime.wire_types import TAG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Write = Callable[[Any, Any], object]
    """Writes a value to a file that is open for writing only."""
    Read = Callable[[str], object]
    """Reads a value from the file at a path."""


class Artifacts:
    """Keeps artifacts in a store, and copies those of its files that a step reads to a folder."""

    def __init__(self, store: Store, folder: Callable[[], str]) -> None:
        """Use `store`; `folder` gives the folder for copies, when there is a first one."""
        self.store = store
        self._folder = folder
        self._copies = 0

    def save(self, value: object) -> dict[str, Any]:
        """Keep `value` and return the fields of the object that stands for it.

        Raises:
            DataError: the value cannot be kept.
            RetryableError, ManifestError: the store cannot be written to.
        """
        if is_path(value):
            return self._save_path(str(value))
        codec = codec_of(value)
        if codec == "pickle" and hasattr(value, "__next__"):
            raise DataError(
                f"an iterator ({type(value).__name__}) can be read only once, and each step that "
                "gets it would read it from its start: return a list"
            )
        name, write, _ = _CODECS[codec]
        digest, size = self.store.put(lambda file: _written(write, value, file))
        return {TAG: "artifact", "codec": codec, "name": name, "digest": digest, "size": size}

    def load(self, reference: dict[str, Any]) -> object:
        """Return the value that `reference` stands for.

        Raises:
            DataError: it is absent or damaged, or what reads it is not installed.
            RetryableError, ManifestError: the store cannot be read.
        """
        codec, name, digest = reference["codec"], str(reference["name"]), reference["digest"]
        if os.path.basename(name) != name or name in ("", os.curdir, os.pardir):
            raise DataError(f"{name!r} is not the name of an artifact")
        if codec not in _CODECS and codec not in ("file", "folder"):
            raise DataError(f"unknown kind of artifact {codec!r}")
        if codec in ("bytes", "bytearray"):
            data = self.store.read(digest)
            return data if codec == "bytes" else bytearray(data)
        path = self._new_path(name)
        if codec in ("file", "folder"):
            return self._load_path(codec, digest, path, bool(reference.get("executable")))
        self.store.copy(digest, path)
        try:
            return _read(_CODECS[codec][2], codec, path)
        finally:
            os.unlink(path)

    def export(self, reference: dict[str, Any]) -> str:
        """Return the path of a copy of what `reference` stands for, as a file or a folder.

        Raises:
            DataError, RetryableError, ManifestError: as for `load`.
        """
        codec, name, digest = reference["codec"], str(reference["name"]), reference["digest"]
        if codec in ("file", "folder"):
            return str(self.load(reference))
        path = self._new_path(os.path.basename(name))
        self.store.copy(digest, path)
        return path

    def save_text(self, text: str) -> dict[str, Any]:
        """Keep the JSON `text` and return the fields of the object that stands for it.

        Raises:
            RetryableError, ManifestError: the store cannot be written to.
        """
        digest, size = self.store.put_bytes(text.encode("ascii"))
        return {TAG: "stored", "digest": digest, "size": size}

    def load_text(self, reference: dict[str, Any]) -> str:
        """Return the JSON text that `reference` stands for.

        Raises:
            DataError, RetryableError, ManifestError: as for `Store.read`.
        """
        return self.store.read(reference["digest"]).decode("ascii")

    def _new_path(self, name: str) -> str:
        self._copies += 1
        folder = os.path.join(self._folder(), str(self._copies))
        os.mkdir(folder)
        return os.path.join(folder, name)

    def _save_path(self, path: str) -> dict[str, Any]:
        name = os.path.basename(os.path.abspath(path)) or "root"
        fields: dict[str, Any] = {TAG: "artifact", "codec": "file", "name": name}
        try:
            if os.path.isdir(path):
                from headrace.runtime.folders import put_folder

                fields["codec"] = "folder"
                fields["digest"], fields["size"] = put_folder(self.store, path)
            elif os.path.isfile(path):
                fields["digest"], fields["size"] = self.store.put_file(path)
                if os.stat(path).st_mode & 0o100:
                    fields["executable"] = True
            else:
                there = "is no file or folder" if os.path.lexists(path) else "does not exist"
                raise DataError(f"cannot pass the path {path!r} on: it {there}")
        except OSError as error:
            raise DataError(f"cannot read {path!r}: {error.strerror}") from None
        return fields

    def _load_path(self, codec: str, digest: str, path: str, executable: bool) -> object:
        from pathlib import Path

        from headrace.runtime.folders import copy_file, copy_folder

        if codec == "folder":
            copy_folder(self.store, digest, path)
        else:
            copy_file(self.store, digest, path, executable)
        return Path(path)


def is_path(value: object) -> bool:
    """Whether `value` is a path of this machine (`pathlib.Path`)."""
    kind = type(value)
    return kind.__module__.partition(".")[0] == "pathlib" and hasattr(value, "exists")


def codec_of(value: object) -> str:
    """Return the name of the codec for `value`, which is no path; `pickle` where none fits."""
    kind = type(value)
    if kind in (bytes, bytearray):
        return kind.__name__
    numpy = sys.modules.get("numpy")
    if numpy is not None and kind is numpy.ndarray and not value.dtype.hasobject:  # type: ignore[attr-defined]
        return "numpy"
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "Tensor"):
        plain = (torch.Tensor, getattr(torch.nn, "Parameter", torch.Tensor))
        if kind in plain or _holds_tensors(value, plain):
            return "torch"
    pandas = sys.modules.get("pandas")
    if pandas is not None and kind is getattr(pandas, "DataFrame", None) and _fits_parquet(value):
        return "parquet"
    return "pickle"


def _holds_tensors(value: Any, plain: tuple[type, ...]) -> bool:
    """Whether `value` is a dictionary by name of tensors only, as a state dict is."""
    names = (dict, sys.modules["collections"].OrderedDict)
    return (
        type(value) in names
        and len(value) > 0
        and all(type(k) is str and type(v) in plain for k, v in value.items())
    )


def _fits_parquet(value: Any) -> bool:
    """Whether the data frame comes back from parquet exactly as it is."""
    try:
        import io

        import pandas

        file = io.BytesIO()
        value.to_parquet(file)
        back = pandas.read_parquet(file)
    except Exception:  # whatever parquet cannot hold, pickle may
        return False
    same_labels = back.columns.equals(value.columns) and back.index.equals(value.index)
    same_types = list(back.dtypes) == list(value.dtypes) and back.index.dtype == value.index.dtype
    names = (back.columns.name, back.index.names) == (value.columns.name, value.index.names)
    same_kind = type(back.index) is type(value.index) and type(back.columns) is type(value.columns)
    return bool(
        same_labels
        and same_types
        and names
        and same_kind
        and back.equals(value)
        and back.attrs == value.attrs
    )


def written_digest(codec: str, value: object) -> str:
    """Return the digest of what `codec` writes for `value`, without keeping it."""
    file = HashingFile(None)
    _CODECS[codec][1](value, file)
    return file.digest


def _written(write: Write, value: object, file: HashingFile) -> None:
    try:
        write(value, file)
    except OSError:
        raise
    except Exception as error:  # pickle runs code of the value's class
        kind = type(value)
        raise DataError(
            f"cannot pass a value of type {kind.__module__}.{kind.__qualname__} to another step: "
            f"{error}"
        ) from None


def _read(read: Read, codec: str, path: str) -> object:
    try:
        return read(path)
    except ModuleNotFoundError as error:
        raise DataError(
            f"an artifact needs the module {error.name!r}, which is not installed here: "
            "add it to this step's image"
        ) from None
    except Exception as error:  # pickle runs code of the value's class
        kind = type(error).__name__
        raise DataError(f"cannot read an artifact of kind {codec}: {kind}: {error}") from error


# --- the codecs ----------------------------------------------------------------------------------


def _write_bytes(value: Any, file: Any) -> None:
    file.write(value)


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write_numpy(value: Any, file: Any) -> None:
    import numpy

    numpy.save(file, value, allow_pickle=False)


def _read_numpy(path: str) -> object:
    import numpy

    loaded: object = numpy.load(path, allow_pickle=False)
    return loaded


def _write_torch(value: Any, file: Any) -> None:
    import torch

    torch.save(_compact(value), file)


def _compact(value: Any) -> Any:
    """Return `value` without the rest of the storage that a view of a tensor would drag along."""
    import torch

    if type(value) is torch.Tensor and not value.requires_grad:
        storage = getattr(value, "untyped_storage", value.storage)()
        whole = value.element_size() * value.nelement()
        return value.clone() if whole < storage.nbytes() else value
    return value


def _read_torch(path: str) -> object:
    import torch

    place = None if torch.cuda.is_available() else "cpu"
    loaded: object = torch.load(path, map_location=place, weights_only=True)
    return loaded


def _write_parquet(value: Any, file: Any) -> None:
    import io

    buffer = io.BytesIO()
    value.to_parquet(buffer)
    file.write(buffer.getvalue())


def _read_parquet(path: str) -> object:
    import pandas

    loaded: object = pandas.read_parquet(path)
    return loaded


def _write_pickle(value: Any, file: Any) -> None:
    import pickle

    pickle.dump(value, file, protocol=4)


def _read_pickle(path: str) -> object:
    import pickle

    with open(path, "rb") as file:
        loaded: object = pickle.load(file)
    return loaded


_CODECS: dict[str, tuple[str, Write, Read]] = {
    "bytes": ("value.bytes", _write_bytes, _read_bytes),
    "bytearray": ("value.bytes", _write_bytes, _read_bytes),
    "numpy": ("array.npy", _write_numpy, _read_numpy),
    "torch": ("tensors.pt", _write_torch, _read_torch),
    "parquet": ("frame.parquet", _write_parquet, _read_parquet),
    "pickle": ("object.pickle", _write_pickle, _read_pickle),
}
"""By name: the base name of the object, what writes it, what reads it."""
