"""The page about faults says what the tests expect."""

from faults import page
from faults.table import FAULTS, RESTARTED, End


def test_the_page_is_that_of_the_table() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text) == text, "make readme rewrites it"


def test_every_fault_has_an_end_on_each_engine_and_a_name_of_its_own() -> None:
    faults = (*FAULTS, RESTARTED)
    assert len({fault.name for fault in faults}) == len(faults)
    assert all(set(fault.ends) == set(page.ENGINES) for fault in faults)


def test_what_an_end_says_is_compared_from_its_beginning_to_its_end() -> None:
    end = End("failed", 1, messages=("cannot read ...: gone (1)", "lost"))
    assert end.says("cannot read a\nb: gone (1)")
    assert end.says("lost")
    assert not end.says("not lost")
    assert not end.says("cannot read a: gone 1")
    assert not End("succeeded", 1).says("anything")
