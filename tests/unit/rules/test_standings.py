"""One number ranks score and time: order, bounds and back again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.errors import RuleRefusedError
from laurels.rules.standings import LARGEST_EXACT, clock_bits, composite, decomposite

STARTS = datetime(2026, 6, 1, 4, tzinfo=UTC)
ENDS = datetime(2026, 9, 1, 4, tzinfo=UTC)
SECONDS = int((ENDS - STARTS).total_seconds())
scored = st.tuples(st.integers(1, 2**29), st.integers(0, SECONDS))


def number(score: int, seconds: int) -> int:
    return composite(score, STARTS + timedelta(seconds=seconds), STARTS, ENDS)


@given(scored, scored)
def test_ascending_numbers_are_scores_descending_and_first_to_reach(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert (number(*one) < number(*other)) == ((-one[0], one[1]) < (-other[0], other[1]))


@given(scored)
def test_a_double_holds_it_and_gives_both_back(one: tuple[int, int]) -> None:
    assert int(float(number(*one))) == number(*one)
    assert decomposite(number(*one), STARTS, ENDS) == one


@pytest.mark.parametrize(("days", "bits"), [(1, 17), (7, 20), (31, 22), (366, 25)])
def test_the_clock_has_the_bits_that_it_needs(days: int, bits: int) -> None:
    assert clock_bits(STARTS, STARTS + timedelta(days=days)) == bits


def test_a_score_that_a_double_cannot_hold_is_refused() -> None:
    most = LARGEST_EXACT >> clock_bits(STARTS, ENDS)
    assert number(most, 0) == -LARGEST_EXACT
    with pytest.raises(RuleRefusedError, match="exact range"):
        number(most + 1, 0)
    with pytest.raises(RuleRefusedError, match="exact range"):
        composite(1, STARTS - timedelta(seconds=1), STARTS, ENDS)
