"""The business clock: the caller's time, else the fixed one, else now; always aware, always in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.clock import business_time
from laurels.errors import RuleRefusedError

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


def test_the_caller_s_time_goes_before_the_fixed_one() -> None:
    assert business_time(LATER, NOON) == LATER
    assert business_time(None, NOON) == NOON


def test_without_either_it_is_now() -> None:
    before = datetime.now(UTC)
    assert before <= business_time(None) <= datetime.now(UTC)


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_every_time_comes_out_in_utc_and_is_the_same_moment(time: datetime) -> None:
    found = business_time(time)
    assert found.tzinfo is UTC
    assert found.timestamp() == time.timestamp()


def test_new_york_s_noon() -> None:
    assert business_time(NOON.replace(tzinfo=timezone(timedelta(hours=-4)))).hour == 16


@pytest.mark.parametrize("caller_s", [True, False])
def test_a_time_without_a_zone_is_refused_wherever_it_comes_from(caller_s: bool) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(RuleRefusedError, match="2026-07-01T12:00:00 has no zone: write "):
        business_time(naive if caller_s else None, NOON if caller_s else naive)
