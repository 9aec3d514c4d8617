"""When files are due, by clocks that change, and which file is which due one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from laurels.rules.arrivals import Arrived, Outcome, due_moments, settle
from models.values.expected import Expected

NEW_YORK = ZoneInfo("America/New_York")


def expected(**parts: object) -> Expected:
    return Expected.model_validate({"source": "shop", "by": "06:00", "zone": "America/New_York", **parts})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAILY = expected(grace="2h")


def told(moments: list[datetime]) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in moments]


DUE: list[tuple[str, dict[str, object], str, str, list[str]]] = [
    ("spring", {}, "2026-03-07T00:00", "2026-03-09T23:00", ["03-07 11:00", "03-08 10:00", "03-09 10:00"]),
    ("autumn", {}, "2026-10-31T00:00", "2026-11-02T12:00", ["10-31 10:00", "11-01 11:00", "11-02 11:00"]),
    (
        "a time that the day does not have",
        {"by": "02:30"},
        "2026-03-08T00:00",
        "2026-03-08T12:00",
        ["03-08 07:30"],
    ),
    (
        "a time that the day has twice",
        {"by": "01:30"},
        "2026-11-01T00:00",
        "2026-11-01T12:00",
        ["11-01 05:30"],
    ),
    (
        "weekly",
        {"every": "week", "on": "monday"},
        "2026-10-20T00:00",
        "2026-11-03T00:00",
        ["10-26 10:00", "11-02 11:00"],
    ),
    (
        "hourly",
        {"every": "hour", "by": "00:15", "grace": "10m"},
        "2026-11-01T04:15",
        "2026-11-01T07:15",
        ["11-01 05:15", "11-01 06:15", "11-01 07:15"],
    ),
    (
        "hourly, half an hour off",
        {"every": "hour", "by": "00:15", "grace": "10m", "zone": "Asia/Kolkata"},
        "2026-11-01T04:15",
        "2026-11-01T06:00",
        ["11-01 04:45", "11-01 05:45"],
    ),
    ("the start is not in it, the end is", {}, "2026-07-01T10:00", "2026-07-02T10:00", ["07-02 10:00"]),
    ("nothing", {}, "2026-07-01T10:00", "2026-07-01T10:00", []),
]


@pytest.mark.parametrize(
    ("parts", "after", "until", "due"), [one[1:] for one in DUE], ids=[one[0] for one in DUE]
)
def test_when_a_file_is_due(parts: dict[str, object], after: str, until: str, due: list[str]) -> None:
    assert told(due_moments(expected(**parts), utc(after), utc(until))) == due


def test_after_a_long_pause_the_newest_are_made_up_for() -> None:
    found = due_moments(DAILY, utc("2020-01-01T00:00"), utc("2026-07-02T10:00"), most=3)
    assert told(found) == ["06-30 10:00", "07-01 10:00", "07-02 10:00"]


@given(
    st.integers(0, 500_000).map(lambda minutes: utc("2026-01-01T00:00") + timedelta(minutes=minutes)),
    st.lists(st.integers(1, 200), min_size=1, max_size=8),
    st.sampled_from(["hour", "day"]),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_however_often_one_looks_each_moment_is_due_once(
    start: datetime, steps: list[int], every: str, zone: str
) -> None:
    """Looking often, with what is due since the last look, finds what looking once does."""
    one = expected(every=every, zone=zone, grace="10m", by="02:30")
    edges = [start]
    for step in steps:
        edges.append(edges[-1] + timedelta(minutes=step * 7))
    found = [moment for a, b in pairwise(edges) for moment in due_moments(one, a, b, 1000)]
    assert found == due_moments(one, edges[0], edges[-1], 1000) == sorted(set(found))
    local = ZoneInfo(zone)
    days = [moment.astimezone(local).date() for moment in found]
    assert every == "hour" or len(set(days)) == len(days)


TWO = [utc("2026-07-01T10:00"), utc("2026-07-02T10:00")]
SETTLED: list[tuple[str, list[str], str, list[tuple[str, int | None]]]] = [
    ("nothing yet", [], "07-01T12:00", [("awaited", None), ("awaited", None)]),
    ("its grace has passed", [], "07-01T12:01", [("missing", None), ("awaited", None)]),
    ("in time", ["07-01T09:00"], "07-01T09:00", [("arrived", 0), ("awaited", None)]),
    ("at the last moment", ["07-01T12:00"], "07-01T13:00", [("arrived", 0), ("awaited", None)]),
    ("late", ["07-01T12:01"], "07-01T13:00", [("late", 0), ("awaited", None)]),
    ("late in the night", ["07-02T03:00"], "07-02T03:00", [("late", 0), ("awaited", None)]),
    ("the next in time, none before", ["07-02T08:00"], "07-02T09:00", [("missing", None), ("arrived", 0)]),
    (
        "both at once, in the morning",
        ["07-02T08:00", "07-02T08:01"],
        "07-02T09:00",
        [("late", 1), ("arrived", 0)],
    ),
    (
        "a second one is not tomorrow's",
        ["07-01T09:00", "07-01T20:00"],
        "07-02T12:01",
        [("arrived", 0), ("missing", None)],
    ),
    (
        "one too many",
        ["07-01T09:00", "07-01T09:01", "07-02T09:00"],
        "07-02T09:00",
        [("arrived", 0), ("arrived", 2)],
    ),
    ("older than an interval", ["06-30T09:59"], "07-01T13:00", [("missing", None), ("awaited", None)]),
]


@pytest.mark.parametrize(
    ("files", "as_of", "outcomes"), [one[1:] for one in SETTLED], ids=[one[0] for one in SETTLED]
)
def test_which_file_is_which(files: list[str], as_of: str, outcomes: list[tuple[str, int | None]]) -> None:
    came = [Arrived(number, utc(f"2026-{at}")) for number, at in enumerate(files)]
    found = settle(DAILY, TWO, came, utc(f"2026-{as_of}"))
    assert found == [Outcome(due, state, number) for due, (state, number) in zip(TWO, outcomes, strict=True)]


@given(st.lists(st.integers(0, 96), max_size=12))
def test_no_file_is_two_moments(hours: list[int]) -> None:
    came = [Arrived(number, TWO[0] + timedelta(hours=hour - 24)) for number, hour in enumerate(hours)]
    due = [TWO[0] + timedelta(days=day) for day in range(3)]
    found = settle(DAILY, due, came, TWO[0] + timedelta(days=4))
    numbers = [one.intake_id for one in found if one.intake_id is not None]
    assert len(numbers) == len(set(numbers))
    assert [one.due_at for one in found] == due
    assert {one.state for one in found} <= {"arrived", "late", "missing"}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"by": "6:00"}, 'write "06:00", in quotes'),
        ({"by": "24:00"}, "no time of day"),
        ({"zone": "Mars/Olympus"}, "no IANA time zone"),
        ({"every": "week"}, "on: name a weekday for a weekly file"),
        ({"on": "monday"}, "on: name a weekday for a weekly file"),
        ({"every": "hour"}, "grace: is shorter than the hour"),
        ({"grace": "1d"}, "grace: is shorter than the day"),
        ({"grace": "0h"}, "must be a whole number and a unit"),
        ({"source": "Shop 1"}, "pattern"),
        ({"every": "month"}, "hour"),
    ],
)
def test_what_cannot_be_expected(parts: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        expected(**parts)
