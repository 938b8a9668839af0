"""`docs/store.md` says what is so: settings are compiled, excerpts are in manifests."""

from pathlib import Path

import pytest

from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.runtime import object_store
from settings_page import SettingsPage

PAGE = SettingsPage("store.md")


def test_every_block_is_tried() -> None:
    PAGE.check_every_block_is_tried()


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
@pytest.mark.parametrize("name", PAGE.examples)
def test_an_example_is_what_the_page_says(name: str, target: str, tmp_path: Path) -> None:
    compilation, text = PAGE.emitted(name, target, tmp_path)
    refused = PAGE.refusals(name).get(target)
    warned = {"HR410"} if "HR410" in PAGE.examples[name] else set()
    assert {d.code for d in compilation.diagnostics} == warned | ({refused} if refused else set())
    assert bool(text) == (refused is None)


@pytest.mark.parametrize(("name", "target", "excerpt"), PAGE.excerpts)
def test_an_excerpt_is_in_the_manifest(
    name: str, target: str, excerpt: str, tmp_path: Path
) -> None:
    PAGE.check_excerpt(name, target, excerpt, tmp_path)


def test_the_sizes_are_those_of_the_code() -> None:
    part = object_store.PART >> 20
    assert f"Up to {part} MiB go in one request" in PAGE.text
    assert f"{object_store.AT_ONCE} parts of {part} MiB are on their way" in PAGE.text
