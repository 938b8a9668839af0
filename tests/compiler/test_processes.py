import os
from pathlib import Path

import pytest

from headrace.compiler import driver, processes
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.processes import side_by_side
from headrace.compiler.registry import MANIFEST_TARGETS

ROOT = Path(__file__).parents[2]


def children() -> bool:
    """Whether this process has children left, at work or to be waited for."""
    try:
        return os.waitpid(-1, os.WNOHANG) is not None
    except ChildProcessError:
        return False


def test_results_come_in_the_order_of_the_tasks_from_processes_of_their_own() -> None:
    made = side_by_side(lambda task: (task, os.getpid()), ["a", "b", "c"])
    assert [task for task, _ in made] == ["a", "b", "c"]
    assert len({process for _, process in made}) == 3
    assert made[-1][1] == os.getpid()
    assert side_by_side(str, []) == []
    assert not children()


@pytest.mark.parametrize("failing", [0, 1])
def test_what_is_raised_in_one_of_them_is_raised_here(failing: int) -> None:
    def work(task: int) -> int:
        if task == failing:
            raise InternalError(f"task {task}")
        return task

    with pytest.raises(InternalError, match=f"task {failing}"):
        side_by_side(work, [0, 1])
    assert not children()


def test_one_that_is_killed_is_a_mistake_and_not_an_empty_manifest() -> None:
    with pytest.raises(InternalError, match="ended without one"):
        side_by_side(lambda task: os._exit(0) if task else task, [1, 0])
    assert not children()


def test_an_interruption_ends_them_all() -> None:
    here = os.getpid()

    def work(task: int) -> int:
        if os.getpid() == here:
            raise KeyboardInterrupt
        while True:
            os.read(os.pipe()[0], 1)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, [0, 1, 2])
    assert not children()


def test_targets_side_by_side_write_what_they_write_in_turns() -> None:
    compilation = driver.compile_source(ROOT / "examples/word_counts.py")
    in_turns = driver.emit(compilation, MANIFEST_TARGETS)
    assert driver.emit(compilation, MANIFEST_TARGETS, processes=2) == in_turns
    assert list(in_turns) == list(MANIFEST_TARGETS)
    assert processes.available() >= 1
