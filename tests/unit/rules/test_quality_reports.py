"""The weekly report: which weeks, and what is said of them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from laurels.rules.quality_reports import (
    QualityReport,
    SourceReport,
    Weeks,
    figures,
    markdown,
    message,
    sources_of,
    span,
    title,
)

NEW_YORK = ZoneInfo("America/New_York")
THESE = Weeks(
    files=7,
    rows=1000,
    accepted=990,
    duplicates=4,
    refused=40,
    repaired=10,
    expired=3,
    dismissed=2,
    waiting=25,
    held=2,
    released=1,
    rejected=1,
    freshness=5400.0,
    reasons={"amount_unreadable": 30, "kind_unknown": 6, "a": 1, "b": 2, "c": 3, "d": 4},
)
BEFORE = Weeks(files=6, rows=900, accepted=900, refused=9, waiting=9, reasons={"amount_unreadable": 9})
REPORT = QualityReport(
    datetime(2026, 6, 29, tzinfo=NEW_YORK),
    datetime(2026, 7, 6, tzinfo=NEW_YORK),
    (SourceReport("shop", THESE, BEFORE),),
)


@pytest.mark.parametrize(
    ("as_of", "weeks", "days"),
    [
        ("2026-07-06T11:00:00Z", 1, ("2026-06-22", "2026-06-29", "2026-07-06")),  # Monday 07:00 there
        ("2026-07-06T03:00:00Z", 1, ("2026-06-15", "2026-06-22", "2026-06-29")),  # still Sunday there
        ("2026-07-12T23:00:00Z", 2, ("2026-06-08", "2026-06-22", "2026-07-06")),
    ],
)
def test_weeks_go_from_monday_to_monday_by_the_zone(as_of: str, weeks: int, days: tuple[str, ...]) -> None:
    found = span(datetime.fromisoformat(as_of), NEW_YORK, weeks)
    assert tuple(f"{end:%Y-%m-%d}" for end in (found.since, found.middle, found.until)) == days
    assert {end.hour for end in (found.since, found.middle, found.until)} == {0}


def test_a_week_in_which_the_clock_changes_is_an_hour_shorter() -> None:
    found = span(datetime(2026, 3, 9, 12, tzinfo=UTC), NEW_YORK, 1)
    assert (found.until.astimezone(UTC) - found.middle.astimezone(UTC)).total_seconds() == 7 * 86_400 - 3600


def test_every_figure_stands_beside_the_one_before() -> None:
    assert figures(REPORT.sources[0]) == [
        ("files", "7", "6"),
        ("rows", "1,000", "900"),
        ("accepted", "990", "900"),
        ("duplicates", "4", "0"),
        ("refused", "40 (4.0 %)", "9 (1.0 %)"),
        ("of these repaired", "10 (25.0 %)", "0 (0.0 %)"),
        ("of these waiting", "25", "9"),
        ("of these expired", "3", "0"),
        ("of these dismissed", "2", "0"),
        ("files held", "2", "0"),
        ("of these released", "1", "0"),
        ("files rejected", "1", "0"),
        ("median age of the newest row", "1.5 h", "-"),
        ("refused: amount_unreadable", "30", "9"),
        ("refused: kind_unknown", "6", "0"),
        ("refused: d", "4", "0"),
        ("refused: c", "3", "0"),
        ("refused: b", "2", "0"),
    ]


def test_it_is_told_in_a_line_a_source() -> None:
    assert title(REPORT) == "Quality by source, 2026-06-29 to 2026-07-05"
    assert message(REPORT) == (
        "shop: 7 files, 1,000 rows, 40 refused (4.0 %, before 1.0 %), 10 repaired, 25 waiting, 2 files held"
    )


def test_it_is_a_table_a_source() -> None:
    lines = markdown(REPORT).splitlines()
    assert lines[:6] == [
        "# Quality by source, 2026-06-29 to 2026-07-05",
        "",
        "## shop",
        "",
        "| | these | before |",
        "| --- | ---: | ---: |",
    ]
    assert "| refused | 40 (4.0 %) | 9 (1.0 %) |" in lines
    assert len(lines) == 6 + 18


def test_a_week_without_files_says_so() -> None:
    empty = QualityReport(REPORT.since, REPORT.until, ())
    assert message(empty) == "No file came in."
    assert markdown(empty).endswith("\n\nNo file came in.\n")


def test_counts_come_to_the_source_and_the_weeks_that_they_are_of() -> None:
    files = [
        {"source": "a", "this": True, "files": 2, "rows": 9, "held": 1, "freshness": 60.0},
        {"source": "a", "this": False, "files": 1, "rows": 4},
        {"source": "b", "this": False, "files": 5, "rows": 50},
    ]
    refused = [
        {"source": "a", "this": True, "what": "state", "name": "replayed", "rows": 1},
        {"source": "a", "this": True, "what": "state", "name": "replaying", "rows": 2},
        {"source": "a", "this": True, "what": "reason", "name": "conflict", "rows": 3},
        {"source": "a", "this": False, "what": "state", "name": "expired", "rows": 4},
        {"source": "b", "this": True, "what": "state", "name": "dismissed", "rows": 5},
    ]
    a, b = sources_of(files, refused)
    assert a.these == Weeks(
        files=2, rows=9, held=1, refused=3, repaired=1, waiting=2, freshness=60.0, reasons={"conflict": 3}
    )
    assert a.before == Weeks(files=1, rows=4, refused=4, expired=4)
    assert (b.source, b.these, b.before) == ("b", Weeks(refused=5, dismissed=5), Weeks(files=5, rows=50))
    assert (a.these.recall, b.before.recall) == (1 / 3, None)
