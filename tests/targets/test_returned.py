"""What a run on an engine returned, read on another machine."""

import sys
from pathlib import Path

import pytest

from headrace.compiler.engine import EngineError, Returned
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
from headrace.targets.local.returned import read_returned

RUN = "airflow/words/manual__2026-11-27T19:00:00+00:00"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "store"


def text_of(value: object, store: Path) -> str:
    return wire.mark(wire.encode(value, Artifacts(open_store(str(store)), lambda: "")))


def test_values_need_no_store(store: Path) -> None:
    assert read_returned(Returned('={"a": [1.0, null]}', ""), RUN) == {"a": [1.0, None]}
    assert read_returned(Returned('*["=1", "=2"]', "/nowhere"), RUN) == [1, 2]


def test_values_need_no_client_of_the_bucket(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    assert read_returned(Returned("=5", "s3://bucket/x"), RUN) == 5
    text = wire.mark(
        wire.reference_text({"!": "stored", "digest": f"sha256:{'0' * 64}", "size": 1})
    )
    with pytest.raises(EngineError, match="reached with the package obstore") as raised:
        read_returned(Returned(text, "s3://bucket/x"), RUN)
    assert "headrace[store]" in raised.value.hint


def test_files_are_copied_to_a_folder_of_the_run(store: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"of {name}")
    text = text_of([tmp_path / "a", tmp_path / "b"], store)
    for _ in range(2):  # what was read before is read again
        found = read_returned(Returned(text, store.as_uri()), RUN)
        paths = [Path(each["path"]) for each in found]
        assert [path.read_text() for path in paths] == ["of a", "of b"]
        assert all(path.is_relative_to(tmp_path / ".headrace" / "runs") for path in paths)
    assert read_returned(Returned(text, "/elsewhere"), RUN, str(store)) == found


def test_files_are_described_where_their_store_is_not(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("of a")
    text = text_of({"made": tmp_path / "a", "score": 0.5}, store)
    for url in ("", "/elsewhere"):
        found = read_returned(Returned(text, url), RUN)
        assert (found["score"], found["made"]["name"], found["made"]["size"]) == (0.5, "a", 4)
        assert "path" not in found["made"]


def test_a_value_that_is_in_a_store_cannot_be_read_without_it(store: Path) -> None:
    reference = Artifacts(open_store(str(store)), lambda: "").save_text("[1, 2, 3]")
    text = wire.mark(wire.reference_text(reference))
    assert read_returned(Returned(text, str(store)), RUN) == [1, 2, 3]
    for url in ("", "/elsewhere"):
        with pytest.raises(EngineError, match="cannot be read here") as raised:
            read_returned(Returned(text, url), RUN)
        assert "name it with --store" in raised.value.hint
