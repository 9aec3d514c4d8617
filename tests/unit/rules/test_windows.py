"""Windows follow the program's calendar, through both changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.windows import spans
from models.values.boards import Window
from models.values.season import local_instant
from tests.unit.values.programs import program

NEW_YORK = program(time_zone="America/New_York", season={"starts": "2026-06-01", "ends": "2026-09-01"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_month_is_of_the_zone() -> None:
    (june,) = spans(NEW_YORK, Window.MONTH, [date(2026, 6, 10), date(2026, 6, 30)])
    assert (june.starts_at, june.ends_at) == (at("2026-06-01T00:00-04:00"), at("2026-07-01T00:00-04:00"))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-10", 24)])
def test_a_day_is_as_long_as_the_clock_makes_it(day: str, hours: int) -> None:
    (span,) = spans(NEW_YORK, Window.DAY, [date.fromisoformat(day)])
    assert span.ends_at - span.starts_at == timedelta(hours=hours)


def test_a_week_begins_on_monday() -> None:
    (week,) = spans(NEW_YORK, Window.WEEK, [date(2026, 6, 14)])
    assert week.starts_at == at("2026-06-08T00:00-04:00")


def test_a_season_is_one_window_half_open_in_the_zone() -> None:
    (season,) = spans(NEW_YORK, Window.SEASON, [date(2026, 6, 10), date(2026, 8, 1)])
    assert (season.starts_at, season.ends_at) == (at("2026-06-01T00:00-04:00"), at("2026-09-01T00:00-04:00"))
    assert spans(NEW_YORK, Window.SEASON, []) == []
    assert spans(program(), Window.SEASON, [date(2026, 6, 10)]) == []


def test_days_far_apart_open_no_windows_between() -> None:
    assert len(spans(NEW_YORK, Window.DAY, [date(1971, 1, 1), date(2026, 6, 10)])) == 2


@given(
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.integers(0, 100),
    st.sampled_from([Window.DAY, Window.WEEK, Window.MONTH]),
    st.sampled_from(
        ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC"]
    ),
)
def test_windows_of_days_in_a_row_meet_without_gap_and_hold_them_all(
    first: date, length: int, period: Window, zone: str
) -> None:
    asked = program(time_zone=zone)
    days = [first + timedelta(days=n) for n in range(length + 1)]
    found = spans(asked, period, reversed(days))
    assert all(a.ends_at == b.starts_at for a, b in pairwise(found))
    assert found[0].starts_at <= local_instant(first, asked.zone)
    assert local_instant(days[-1] + timedelta(days=1), asked.zone) <= found[-1].ends_at
    assert all(local_instant(day, asked.zone) < span.ends_at for span in found[-1:] for day in days)
