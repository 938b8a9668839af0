"""Draws for what is made by chance: from bytes, so that what fails can be made smaller."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from conformance.random_values import Draw


def drawing(data: bytes) -> Draw:
    """Return draws that `data` decides on; when it is used up they are the least they can be.

    One text of bytes, because hypothesis would mostly vary its last find if it saw single draws.
    """
    left = iter(data)

    def draw(least: int, most: int) -> int:
        return least + next(left, 0) % (most - least + 1)

    return draw


def for_each(examples: int, number: int, size: int, check: Callable[[bytes], None]) -> None:
    """Call `check` with so many texts of `size` bytes; the `number` decides which.

    When it raises, the text that is told has been made smaller.
    """

    @settings(
        max_examples=examples,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(st.binary(min_size=size, max_size=size))
    def one(data: bytes) -> None:
        check(data)

    one()
