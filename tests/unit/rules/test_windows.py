"""Windows follow the program's calendar, through both changes of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.windows import spans
from models.values.boards import Window
from tests.unit.values.programs import program

NEW_YORK = program(time_zone="America/New_York", season={"starts": "2026-06-01", "ends": "2026-09-01"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_month_is_of_the_zone() -> None:
    (june,) = spans(NEW_YORK, Window.MONTH, at("2026-06-10T00:00Z"), at("2026-06-10T00:00Z"))
    assert (june.starts_at, june.ends_at) == (at("2026-06-01T00:00-04:00"), at("2026-07-01T00:00-04:00"))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-10", 24)])
def test_a_day_is_as_long_as_the_clock_makes_it(day: str, hours: int) -> None:
    noon = at(f"{day}T12:00-05:00")
    (span,) = spans(NEW_YORK, Window.DAY, noon, noon)
    assert span.ends_at - span.starts_at == timedelta(hours=hours)


def test_a_week_begins_on_monday() -> None:
    (week,) = spans(NEW_YORK, Window.WEEK, at("2026-06-14T23:59:59-04:00"), at("2026-06-14T23:59:59-04:00"))
    assert week.starts_at == at("2026-06-08T00:00-04:00")


@pytest.mark.parametrize(
    ("moment", "seasons"),
    [
        ("2026-05-31T23:59:59-04:00", 0),
        ("2026-06-01T00:00-04:00", 1),
        ("2026-08-31T23:59:59-04:00", 1),
        ("2026-09-01T00:00-04:00", 0),
    ],
)
def test_a_season_is_half_open(moment: str, seasons: int) -> None:
    assert len(spans(NEW_YORK, Window.SEASON, at(moment), at(moment))) == seasons


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001  # Hypothesis wants naive bounds
    st.timedeltas(timedelta(0), timedelta(days=100)),
    st.sampled_from([Window.DAY, Window.WEEK, Window.MONTH]),
    st.sampled_from(
        ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC"]
    ),
)
def test_windows_meet_without_gap_and_hold_both_ends(
    first: datetime, length: timedelta, period: Window, zone: str
) -> None:
    one, last = first.replace(tzinfo=UTC), (first + length).replace(tzinfo=UTC)
    found = spans(program(time_zone=zone), period, one, last)
    assert found[0].starts_at <= one < found[0].ends_at
    assert found[-1].starts_at <= last < found[-1].ends_at
    assert all(a.ends_at == b.starts_at for a, b in pairwise(found))
