"""The store and the codecs: what a step gets is what another one gave."""

import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy
import pytest

from headrace.runtime import wire
from headrace.runtime.changes import changed, fingerprints
from headrace.runtime.codecs import Artifacts, codec_of
from headrace.runtime.errors import DataError, ManifestError
from headrace.runtime.store import FolderStore, open_store, root_of
from runtime_shapes import Other, Settings


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    copies = tmp_path / "copies"
    copies.mkdir()
    return Artifacts(open_store(str(tmp_path / "store")), lambda: str(copies))


def moved(artifacts: Artifacts, value: object) -> Any:
    """Return what a step gets when another one gave `value`."""
    return wire.decode(wire.mark(wire.encode(value, artifacts)), artifacts)


def root_of_store(artifacts: Artifacts) -> str:
    assert isinstance(artifacts.store, FolderStore)
    return artifacts.store.root


def objects(artifacts: Artifacts) -> list[Path]:
    return sorted(p for p in Path(root_of_store(artifacts)).rglob("*") if p.is_file())


# --- objects -------------------------------------------------------------------------------------


def test_an_object_is_named_by_its_content_and_written_once(artifacts: Artifacts) -> None:
    store = artifacts.store
    digest, size = store.put_bytes(b"content")
    assert digest == "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert size == 7
    [path] = objects(artifacts)
    name = digest.partition(":")[2]
    assert path == Path(root_of_store(artifacts), "objects", "sha256", name[:2], name)
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    before = path.stat().st_ino
    assert store.put_bytes(b"content") == (digest, size)
    assert objects(artifacts) == [path]
    assert path.stat().st_ino == before
    assert store.read(digest) == b"content"


def test_damage_and_absence_are_noticed(artifacts: Artifacts, tmp_path: Path) -> None:
    store = artifacts.store
    digest, _ = store.put_bytes(b"content")
    [path] = objects(artifacts)
    path.chmod(0o644)
    path.write_bytes(b"Content")
    with pytest.raises(DataError, match="is damaged"):
        store.read(digest)
    with pytest.raises(DataError, match="is damaged"):
        store.copy(digest, str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()
    with pytest.raises(DataError, match="has no object"):
        store.read("sha256:" + "0" * 64)
    with pytest.raises(DataError, match="is not the digest"):
        store.read("sha256:../../etc/passwd")


def test_nothing_is_left_of_an_object_that_failed(artifacts: Artifacts) -> None:
    class Unpicklable:
        def __reduce__(self) -> Any:
            raise ValueError("not today")

    with pytest.raises(DataError, match=r"Unpicklable to another step: not today"):
        artifacts.save(Unpicklable())
    assert objects(artifacts) == []


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("file:///a/b", "/a/b"),
        ("file:/a", "/a"),
        ("file://localhost/a%20b", "/a b"),
        ("/a/../b", "/b"),
        ("a", os.path.abspath("a")),
    ],
)
def test_urls_of_stores(url: str, root: str) -> None:
    assert root_of(url) == root


@pytest.mark.parametrize("url", ["http://bucket/x", "file://host/x", "file://"])
def test_urls_of_no_store(url: str) -> None:
    with pytest.raises(ManifestError):
        root_of(url)


def test_a_store_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ManifestError, match="cannot write to the store"):
        open_store(str(tmp_path / "file")).put_bytes(b"x")


def below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


# --- files and folders ---------------------------------------------------------------------------


def test_a_file_keeps_its_name_content_and_executable_bit(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    for name, mode in (("a b.txt", 0o644), ("run.sh", 0o755), ("é{{", 0o644)):
        path = tmp_path / name
        path.write_bytes(b"x\r\n\x00" * 1000)
        path.chmod(mode)
        copy = moved(artifacts, path)
        assert type(copy) is type(path)
        assert copy != path
        assert copy.name == name
        assert copy.read_bytes() == path.read_bytes()
        assert os.access(copy, os.X_OK) == bool(mode & 0o100)
        copy.write_text("mine")  # a step may write to its own copy, which is no one else's
        assert moved(artifacts, path).read_bytes() == path.read_bytes()


def test_a_folder_keeps_all_that_is_in_it(artifacts: Artifacts, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "deep" / "er" / "weights").write_bytes(os.urandom(3000))
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "latest").symlink_to("deep/er")
    (folder / "dangling").symlink_to("nowhere")
    os.mkdir(os.fsencode(folder) + b"/\xff")
    (tmp_path / "outside").write_text("from outside")
    (folder / "link out").symlink_to(tmp_path / "outside")

    copy = moved(artifacts, folder)
    assert copy.name == "model"
    assert below(copy) == below(folder)
    assert os.readlink(copy / "latest") == "deep/er"
    assert os.readlink(copy / "dangling") == "nowhere"
    assert not (copy / "link out").is_symlink()
    assert (copy / "link out").read_text() == "from outside"
    assert os.access(copy / "run", os.X_OK)
    weights = "latest/weights"
    assert (copy / weights).read_bytes() == (folder / weights).read_bytes()
    assert wire.encode(copy, artifacts) == wire.encode(copy, artifacts)
    empty = tmp_path / "nothing"
    empty.mkdir()
    assert list(moved(artifacts, empty).iterdir()) == []


def test_the_digest_of_a_folder_does_not_depend_on_order_or_time(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    for place, names in (("a", ["x", "y"]), ("b", ["y", "x"])):
        (tmp_path / place / "f").mkdir(parents=True)
        for name in names:
            (tmp_path / place / "f" / name).write_text(name)
    os.utime(tmp_path / "a" / "f" / "x", (1, 1))
    assert wire.encode(tmp_path / "a" / "f", artifacts) == wire.encode(
        tmp_path / "b" / "f", artifacts
    )


def test_paths_that_cannot_travel(artifacts: Artifacts, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        artifacts.save(tmp_path / "absent")
    with pytest.raises(DataError, match="is no file or folder"):
        artifacts.save(Path("/dev/null"))
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(DataError, match="'pipe' is no file"):
        artifacts.save(folder)
    (folder / "pipe").unlink()
    (folder / "up").symlink_to(tmp_path)
    with pytest.raises(DataError, match="leads around"):
        artifacts.save(folder)


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a//x", ""])
def test_a_folder_never_leads_out_of_its_place(
    artifacts: Artifacts, tmp_path: Path, path: str
) -> None:
    text = '{"headrace":"folder","entries":[{"path":"%s","kind":"link","to":"y"}]}'
    digest, _ = artifacts.store.put_bytes(text.replace("%s", path).encode())
    reference = {"!": "artifact", "codec": "folder", "name": "n", "digest": digest}
    with pytest.raises(DataError, match="is not a path in a folder"):
        artifacts.load(reference)
    with pytest.raises(DataError, match="is not the name"):
        artifacts.load({**reference, "name": "../n"})


# --- other values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        b"\x00" * 5000,
        bytearray(b"x" * 5000),
        numpy.arange(12, dtype="int16").reshape(3, 4).T,
        numpy.array(0.5),
        numpy.zeros((0, 3)),
        numpy.array(["a", "é"]),
        numpy.array([1, None], dtype=object),
        numpy.ma.masked_array([1, 2], [True, False]),
        Other([1, (2,)]),
        complex,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_are_no_text(artifacts: Artifacts, value: Any) -> None:
    nested = moved(artifacts, {"a": [value], "b": (1,)})
    back = nested["a"][0]
    assert nested["b"] == (1,)
    assert type(back) is type(value)
    if isinstance(value, numpy.ndarray):
        assert back.dtype == value.dtype
        assert back.flags["F_CONTIGUOUS"] == value.flags["F_CONTIGUOUS"]
        numpy.testing.assert_array_equal(back, value)
    else:
        assert back == value


def test_equal_values_are_one_object(artifacts: Artifacts) -> None:
    artifacts.save(numpy.ones(100))
    artifacts.save(numpy.ones(100))
    assert len(objects(artifacts)) == 1


def test_a_pickle_whose_class_is_gone_is_told(artifacts: Artifacts) -> None:
    damaged = pickle.dumps(Other(1)).replace(b"runtime_shapes", b"runtime_absent")
    digest, _ = artifacts.store.put_bytes(damaged)
    reference = {"!": "artifact", "codec": "pickle", "name": "object.pickle", "digest": digest}
    with pytest.raises(DataError, match="needs the module 'runtime_absent'"):
        artifacts.load(reference)


def test_no_package_is_imported_for_a_value_of_another(tmp_path: Path) -> None:
    program = (
        "import sys; from headrace.runtime import codecs, store, wire;"
        "a = codecs.Artifacts(store.open_store(sys.argv[1]), lambda: sys.argv[1]);"
        "wire.encode([b'x' * 5000, {1: 2}, object], a);"
        "print(*{'numpy', 'pandas', 'torch', 'pathlib', 'typing', 'dataclasses', 'inspect'}"
        " & (set(sys.modules) - set(sys.argv[2].split())))"
    )
    bare = "import sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", bare], capture_output=True, text=True, check=True
    )
    command = [sys.executable, "-c", program, str(tmp_path), loaded.stdout]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_data_frames_come_back(artifacts: Artifacts) -> None:
    import pandas

    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["p", "q"])
    odd = pandas.DataFrame({1: [0.5], (2, 3): [{"x": object}]})
    assert codec_of(frame) == ("parquet" if find_spec("pyarrow") else "pickle")
    assert codec_of(odd) == "pickle"
    for value in (frame, odd):
        pandas.testing.assert_frame_equal(moved(artifacts, value), value)
    pandas.testing.assert_series_equal(moved(artifacts, frame["a"]), frame["a"])
    before = fingerprints({"frame": frame})
    assert changed(before, {"frame": frame}) == []
    frame.loc["p", "a"] = 5
    assert changed(before, {"frame": frame}) == ["frame"]


# --- changes in place ----------------------------------------------------------------------------


def _append(value: Any) -> None:
    value["list"].append(1)


def _assign(value: Any) -> None:
    value["array"][0] = 5


def _field(value: Any) -> None:
    value["settings"].rates.append(1.0)


def _reorder(value: Any) -> None:
    value["list"].reverse()


def _rewrite(value: Any) -> None:
    value["file"].write_text("after!")


def _add_file(value: Any) -> None:
    (value["folder"] / "new").write_text("")


def _remove(value: Any) -> None:
    value["file"].unlink()


def _attribute(value: Any) -> None:
    value["other"].value = 2


def _inside(value: Any) -> None:
    value["nested"][0].value.value.append(1)


def _unencodable(value: Any) -> None:
    value["list"].append(value["list"])


CHANGES = [
    _append,
    _assign,
    _field,
    _reorder,
    _rewrite,
    _add_file,
    _remove,
    _attribute,
    _inside,
    _unencodable,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_kind_of_change_in_place_is_seen(
    artifacts: Artifacts, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    (tmp_path / "file").write_text("before")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("x")
    value = moved(
        artifacts,
        {
            "list": [3, 1.0, {"a": 2}],
            "array": numpy.zeros(3),
            "settings": Settings("s"),
            "file": tmp_path / "file",
            "folder": tmp_path / "folder",
            "other": Other(1),
            "nested": [Other(Other([]))],
        },
    )
    before = fingerprints({"value": value, "fixed": [1]})
    value["file"].read_text()
    assert value["settings"].doubled == 0
    assert changed(before, {"value": value, "fixed": [1]}) == []
    change(value)
    assert changed(before, {"value": value, "fixed": [1]}) == ["value"]
