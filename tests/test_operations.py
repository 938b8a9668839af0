"""`docs/operations.md` says what is so: settings are compiled, excerpts are in manifests."""

from collections import Counter
from pathlib import Path

import pytest

from headrace.compiler.registry import MANIFEST_TARGETS
from markers import marked
from settings_page import SettingsPage

PAGE = SettingsPage("operations.md")


def test_every_block_is_tried() -> None:
    PAGE.check_every_block_is_tried()


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
@pytest.mark.parametrize("name", PAGE.examples)
def test_an_example_is_what_the_page_says(name: str, target: str, tmp_path: Path) -> None:
    compilation, text = PAGE.emitted(name, target, tmp_path)
    found = Counter(
        (d.span.line if d.span else 0, d.severity.value, d.code) for d in compilation.diagnostics
    )
    refusing = PAGE.refusals(name)
    wanted = marked(PAGE.examples[name])
    if wanted:  # a target may have more against it
        assert {key: found[key] for key in found if key[2] == "HR440"} == wanted
    else:
        refused = {refusing[target]} if target in refusing else set()
        assert {code for _, _, code in found} == refused
    assert bool(text) == (not found)


@pytest.mark.parametrize(("name", "target", "excerpt"), PAGE.excerpts)
def test_an_excerpt_is_in_the_manifest(
    name: str, target: str, excerpt: str, tmp_path: Path
) -> None:
    PAGE.check_excerpt(name, target, excerpt, tmp_path)
