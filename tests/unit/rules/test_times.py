"""Times in UTC: zones, the repeated and the missing hour, and texts that are none."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.times import time_reader
from models.values.mapping import TimeColumn

NEW_YORK = ZoneInfo("America/New_York")


def read(value: object, **declared: object) -> tuple[datetime | None, str | None]:
    return time_reader(TimeColumn.model_validate({"column": "at", **declared}))(value)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


TAKEN = [
    ("2026-07-01T12:00:00Z", "iso", utc(2026, 7, 1, 12)),
    ("2026-07-01t12:00:00z", "iso", utc(2026, 7, 1, 12)),
    (" 2026-07-01 12:00:00+02:00 ", "iso", utc(2026, 7, 1, 10)),
    ("2026-07-01T12:00:00.25-0530", "iso", utc(2026, 7, 1, 17, 30, 0, 250000)),
    ("20260701T120000Z", "iso", utc(2026, 7, 1, 12)),
    ("1970-01-01T00:00:00Z", "iso", utc(1970, 1, 1)),
    ("2100-12-31T23:59:59Z", "iso", utc(2100, 12, 31, 23, 59, 59)),
    ("1085146561", "unix", utc(2004, 5, 21, 13, 36, 1)),
    (1085146561, "unix", utc(2004, 5, 21, 13, 36, 1)),
    (Decimal("1085146561.5"), "unix", utc(2004, 5, 21, 13, 36, 1, 500000)),
    ("1085146561250", "unix_ms", utc(2004, 5, 21, 13, 36, 1, 250000)),
    ("01/07/2026 12:00 +0000", "%d/%m/%Y %H:%M %z", utc(2026, 7, 1, 12)),
    (datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))), "iso", utc(2026, 7, 1, 10)),
]
REFUSED = [
    ("", "iso", "time_missing"),
    ("  ", "iso", "time_missing"),
    (None, "iso", "time_missing"),
    ("2026-07-01T12:00:00", "iso", "time_without_zone"),
    ("2026-07-01", "iso", "time_without_zone"),
    (date(2026, 7, 1), "iso", "time_without_zone"),
    (datetime(2026, 7, 1), "iso", "time_without_zone"),  # noqa: DTZ001 - the point of the case
    ("01/02/2026", "iso", "time_unreadable"),
    ("2026-W27-3T12:00:00Z", "iso", "time_unreadable"),
    ("2026-07-01x12:00:00Z", "iso", "time_unreadable"),
    ("2026-02-30T12:00:00Z", "iso", "time_unreadable"),
    ("2026-07-01T25:00:00Z", "iso", "time_unreadable"),
    ("2026-07-01T12:00:00Z" + "0" * 70, "iso", "time_unreadable"),
    ("yesterday", "iso", "time_unreadable"),
    (True, "iso", "time_unreadable"),
    (True, "unix", "time_unreadable"),
    ([2026], "iso", "time_unreadable"),
    ({"at": 1}, "unix", "time_unreadable"),
    ("1e9", "unix", "time_unreadable"),
    (float("nan"), "unix", "time_unreadable"),
    (Decimal("Infinity"), "unix", "time_unreadable"),
    ("19970101", "%d/%m/%Y", "time_unreadable"),
    ("1969-12-31T23:59:59Z", "iso", "time_out_of_range"),
    ("2101-01-01T00:00:00Z", "iso", "time_out_of_range"),
    ("0001-01-01T00:00:00+14:00", "iso", "time_out_of_range"),
    ("-1", "unix", "time_out_of_range"),
    ("9" * 40, "unix", "time_out_of_range"),
    (1085146561250, "unix", "time_out_of_range"),
]


@pytest.mark.parametrize(("value", "pattern", "moment"), TAKEN)
def test_a_time_with_a_zone_is_taken_to_utc(value: object, pattern: str, moment: datetime) -> None:
    found, problem = read(value, format=pattern)
    assert (found, problem) == (moment, None)
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(("value", "pattern", "problem"), REFUSED)
def test_any_other_time_has_its_problem(value: object, pattern: str, problem: str) -> None:
    assert read(value, format=pattern) == (None, problem)


def test_a_naive_time_goes_by_the_declared_zone_in_winter_and_summer() -> None:
    assert read("2026-01-15T12:00:00", zone="America/New_York") == (utc(2026, 1, 15, 17), None)
    assert read("2026-07-15T12:00:00", zone="America/New_York") == (utc(2026, 7, 15, 16), None)
    assert read("19970101", format="%Y%m%d", zone="America/New_York") == (utc(1997, 1, 1, 5), None)


def test_the_mapping_says_which_of_two_equal_hours_is_meant() -> None:
    repeated = "2017-11-05T01:30:00"
    assert read(repeated, zone="America/New_York", fold="first") == (utc(2017, 11, 5, 5, 30), None)
    assert read(repeated, zone="America/New_York", fold="second") == (utc(2017, 11, 5, 6, 30), None)
    assert read(f"{repeated}-05:00", zone="America/New_York", fold="first") == (utc(2017, 11, 5, 6, 30), None)


@pytest.mark.parametrize("fold", ["first", "second"])
def test_the_missing_hour_is_refused_or_moved_on_by_the_gap(fold: str) -> None:
    missing = "2017-03-12T02:30:00"
    zone = {"zone": "America/New_York", "fold": fold}
    assert read(missing, **zone) == (None, "time_in_gap")
    assert read(missing, gap="forward", **zone) == (utc(2017, 3, 12, 7, 30), None)  # 03:30 summer time
    assert read("2017-03-12T03:00:00", **zone) == (utc(2017, 3, 12, 7), None)


def test_equal_values_of_other_types_are_not_confused() -> None:
    reader = time_reader(TimeColumn(column="at", format="unix"))
    assert reader(1) == (utc(1970, 1, 1, 0, 0, 1), None)
    assert reader(True) == (None, "time_unreadable")  # noqa: FBT003 - a value like any other
    assert reader(1.0) == (utc(1970, 1, 1, 0, 0, 1), None)


@given(st.datetimes(datetime(2017, 1, 1), datetime(2018, 1, 1)), st.sampled_from(["first", "second"]))  # noqa: DTZ001
def test_every_instant_comes_back_from_its_wall_clock(moment: datetime, fold: str) -> None:
    instant = moment.replace(tzinfo=UTC)
    wall = instant.astimezone(NEW_YORK)
    found, problem = read(wall.replace(tzinfo=None).isoformat(), zone="America/New_York", fold=fold)
    assert problem is None
    assert found is not None
    twice = datetime(2017, 11, 5, 5, tzinfo=UTC) <= instant < datetime(2017, 11, 5, 7, tzinfo=UTC)
    assert found == instant or (twice and abs(found - instant) == timedelta(hours=1))
    assert found.astimezone(NEW_YORK).replace(tzinfo=None, fold=0) == wall.replace(tzinfo=None, fold=0)
    if twice:
        assert found.astimezone(NEW_YORK).fold == (fold == "second")
    assert read(wall.isoformat(), zone="America/New_York", fold=fold) == (instant, None)


@given(st.text(max_size=30), st.sampled_from(["iso", "unix", "unix_ms", "%Y-%m-%d"]))
def test_any_text_is_a_time_or_a_problem(text: str, pattern: str) -> None:
    found, problem = read(text, format=pattern, zone="America/New_York", gap="forward")
    assert (found is None) == (problem is not None)
