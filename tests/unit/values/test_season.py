"""Spans of time and seasons."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.durations import duration_text, read_duration
from models.values.season import read_local
from tests.unit.values.programs import program


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(days=1)),
        ("14d", timedelta(days=14)),
        ("90m", timedelta(minutes=90)),
    ],
)
def test_durations(text, span):
    assert read_duration(text) == span


@pytest.mark.parametrize(
    "value",
    [
        "",
        "24",
        24,
        "0h",
        "-1h",
        "1.5h",
        "24 h",
        "24H",
        "1w",
        "1h30m",
        "h",
        "01h",
        "3661d",
        "999999d",
        "\u0663h",
        None,
        True,
        timedelta(0),
        timedelta(hours=-1),
        timedelta(seconds=90),
        "24h\n",
    ],
)
def test_what_is_no_duration(value):
    with pytest.raises(ValueError, match="must be"):
        read_duration(value)


@given(st.integers(1, 3660 * 24 * 60))
def test_durations_are_written_as_they_are_read(minutes):
    span = timedelta(minutes=minutes)
    text = duration_text(span)
    if len(text) <= 7:
        assert read_duration(text) == span


def test_a_season_is_local_and_half_open():
    season = {"starts": "2026-06-01", "ends": date(2026, 9, 1)}
    bounds = program(time_zone="America/New_York", season=season).season_bounds
    assert bounds == (datetime(2026, 6, 1, 4, tzinfo=UTC), datetime(2026, 9, 1, 4, tzinfo=UTC))


def test_a_season_may_begin_at_an_hour():
    season = program(season={"starts": "2026-06-01T18:00", "ends": "2026-12-01 06:30:15"})
    assert season.season_bounds == (
        datetime(2026, 6, 1, 16, tzinfo=UTC),
        datetime(2026, 12, 1, 5, 30, 15, tzinfo=UTC),
    )


def test_a_day_without_midnight_begins_at_its_first_moment():
    # Cairo's clocks went from 23:59:59 to 01:00 before 28 April 2023.
    season = program(time_zone="Africa/Cairo", season={"starts": "2023-04-28", "ends": "2023-05-01"})
    assert season.season_bounds is not None
    first = season.season_bounds[0]
    assert first == datetime(2023, 4, 27, 22, tzinfo=UTC)
    assert first.astimezone(season.zone).isoformat() == "2023-04-28T01:00:00+03:00"


@pytest.mark.parametrize(
    "value", ["2026-06-01T00:00Z", "2026-06-01 00:00:00+02:00", datetime(2026, 6, 1, tzinfo=UTC)]
)
def test_a_season_has_no_offset(value):
    with pytest.raises(ValueError, match="without an offset"):
        read_local(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-6-1",
        "01/02/2026",
        "2026-02-30",
        "2026-06-31",
        "20260601",
        "202\u0666-06-01",
        "2026-W01-1",
        "2026-06-01T24:01",
        "2026-06-01T25:99",
        "tomorrow",
        20260601,
        None,
        "1969-12-31",
        "9999-12-31",
        datetime(2026, 6, 1, 0, 0, 0, 1),  # noqa: DTZ001 (a local time)
        "2026-06-01T00:00:60",
    ],
)
def test_what_is_no_local_time(value):
    with pytest.raises(ValueError, match=r"must|is no date"):
        read_local(value)
