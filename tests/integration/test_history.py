"""What files are compared with: ten accepted ones, whose word weighs by season and weekday, grows, and can be declined."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from laurels.errors import GateError
from laurels.services import intake, measures, quarantine
from laurels.services.intake import IntakeReport
from laurels.services.mappings import load_mapping
from laurels.services.runtime import Runtime
from laurels.stores.database import driver
from models.intake import Intake
from tests.battery.gate_rows import ask, one
from tests.integration.feed import MONDAY, Feed
from tests.integration.reader import reader

FEW = 40


def figure(runtime: Runtime, intake_id: int, name: str, field: str = "") -> tuple[object, ...]:
    """Value, bounds and basis of one measure."""
    asked = "select value, low, high, basis from measure where intake_id = %s and name = %s and field = %s"
    (row,) = ask(runtime, asked, intake_id, name, field)
    return row


def half(feed: Feed, number: int) -> IntakeReport:
    return feed.send(number, rows=feed.day(number)[: feed.rows // 2])


def test_until_ten_files_were_accepted_only_what_is_declared_counts(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path)
    feed.days(0, 9)
    report = half(feed, 9)
    assert (report.state, report.reasons) == ("released", ())
    assert figure(runtime, report.intake_id, "volume") == (
        *(200.0, 1.0, 100_000_000.0),
        "declared by the mapping; history counts from 10 accepted files, there are 9",
    )
    assert half(feed, 10).reasons == ("volume",)


def test_what_is_declared_counts_from_the_first_file_and_at_all_times(
    runtime: Runtime, tmp_path: Path
) -> None:
    bounds = "bounds: {min_rows: 50, max_age: 12h, max_null_rates: {email: 0.5}}\n"
    feed = Feed(runtime, tmp_path, bounds)
    old = feed.send(0, lambda _, row: row.update(at=(MONDAY - timedelta(hours=13)).isoformat(), email=""))
    assert (old.state, old.reasons) == ("held", ("freshness", "null_rate:email"))
    assert figure(runtime, old.intake_id, "freshness") == (
        *(13.0, pytest.approx(-1 / 12), 12.0),
        "declared by the mapping; history counts from 10 accepted files, there are 0",
    )
    ahead = feed.send(1, lambda _, row: row.update(at=(MONDAY + timedelta(days=9)).isoformat()))
    assert (ahead.state, ahead.reasons) == ("held", ("freshness",))  # a time to come is not fresh
    small = feed.send(2, rows=feed.day(2)[:49])
    assert small.reasons == ("too_few_rows",)


def test_what_was_released_is_usual_from_then_on_and_what_was_rejected_is_not(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Sundays sell half. The first two that are held teach it; a rejected one teaches nothing."""
    feed = Feed(runtime, tmp_path)
    feed.days(0, 10)
    first = half(feed, 13)
    assert first.state == "held"
    quarantine.reject_intake(runtime, first.intake_id, actor="ann")
    again = feed.send(13, rows=feed.day(13)[: feed.rows // 2 - 1])
    assert (again.state, again.reasons) == ("held", ("volume",))
    quarantine.release_intake(runtime, again.intake_id, actor="ann")
    assert [report.state for report in feed.days(14, 20)] == ["released"] * 6
    sunday = half(feed, 20)
    assert (sunday.state, sunday.reasons) == ("released", ())
    monday = half(feed, 21)
    assert (monday.state, monday.reasons) == ("held", ("volume",))


def test_the_basis_names_the_weekday_and_the_season(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path, rows=FEW)
    feed.days(-70, 3)
    report = feed.send(3)
    assert figure(runtime, report.intake_id, "volume")[3] == "10 Thursdays"
    feed.days(4, 63)
    assert figure(runtime, feed.send(63).intake_id, "volume")[3] == "9 Mondays in autumn"


SNAPSHOT = """
mapping: snapshot
format: {type: csv}
mode: snapshot
kind: login
member: {column: who}
occurred_at: {column: at}
attributes: {channel: channel}
"""


def test_a_snapshot_that_grows_is_not_held_for_growing(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path, rows=FEW)
    Path(feed.mapping).write_text(SNAPSHOT)
    rows, days = [], {number: [row | {"email": ""} for row in feed.day(number)] for number in range(32)}
    for number in range(30):
        rows += days[number]
        assert feed.send(number, rows=rows).state == "released", number
    assert (len(rows), one(runtime, "select count(*) from inbox_key")) == (1184, 1184)
    cut = feed.send(30, rows=[*rows, *days[30]][: len(rows) * 85 // 100])
    assert cut.reasons == ("freshness", "volume")  # its newest rows are those that are gone
    assert figure(runtime, cut.intake_id, "volume")[3] == "intake 30 before it, and how the last 9 grew"
    quarantine.reject_intake(runtime, cut.intake_id, actor="ann")
    anew = feed.send(31, lambda _, row: row.update(channel=row["channel"].upper()), rows=[*rows, *days[31]])
    assert anew.reasons == ("category_drift:channel", "duplicate_rate")  # all of it would count once more


def test_the_same_content_again_is_held_for_nothing_and_is_no_history(
    runtime: Runtime, tmp_path: Path
) -> None:
    feed = Feed(runtime, tmp_path)
    feed.days(0, 10)
    again = intake.ingest_file(
        runtime,
        tmp_path / "day-0.csv",
        source="shop",
        mapping=feed.mapping,
        as_of=MONDAY + timedelta(days=10),
    )
    assert (again.state, again.seen_before, again.duplicates) == ("released", True, again.rows)
    assert figure(runtime, again.intake_id, "freshness")[1:] == (
        None,
        None,
        "the same content came in before",
    )
    assert figure(runtime, feed.send(10).intake_id, "volume")[3] == "10 files in autumn"


def test_history_can_be_declined(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path, "bounds: {history: false}\n")
    feed.days(0, 10)
    assert half(feed, 10).state == "released"


def test_another_source_has_its_own_history(runtime: Runtime, tmp_path: Path) -> None:
    Feed(runtime, tmp_path).days(0, 10)
    assert half(Feed(runtime, tmp_path, source="other"), 10).state == "released"


def test_a_type_that_changed_is_told_by_what_was_found(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path)
    feed.days(0, 11)
    number, text = (
        '{"types": {"who": "int", "basket": "text"}}',
        '{"types": {"who": "text", "basket": "text"}}',
    )
    with runtime.database.transaction() as session:
        driver(session).execute("update intake set found = %s::jsonb where id < 11", (number,))
        driver(session).execute("update intake set found = %s::jsonb where id = 11", (text,))
        measured = judged(session, feed)
    assert runtime.gate.judge_intake(11, measured).reasons == ("column_retyped:who",)
    assert figure(runtime, 11, "column_retyped", "who") == (1.0, None, 0.0, "it was number and is text")


def judged(session: Session, feed: Feed) -> int:
    return measures.measure(session, session.get_one(Intake, 11), load_mapping(Path(feed.mapping)))


# The gate's word on measures


PLANTED = [
    ("nan", "'NaN'", "0", "1"),
    ("unknown", "null", "0", "null"),
    ("low", "-1", "0", "null"),
    ("high", "2", "null", "1"),
]


@pytest.mark.parametrize(
    ("value", "low", "high"), [one[1:] for one in PLANTED], ids=[one[0] for one in PLANTED]
)
def test_what_is_out_of_bounds_or_not_known_holds(
    runtime: Runtime, tmp_path: Path, value: str, low: str, high: str
) -> None:
    report = Feed(runtime, tmp_path, rows=FEW).send(0)
    count = int(str(one(runtime, "select count(*) from measure")))
    with runtime.database.transaction() as session:
        insert = f"insert into measure values (%s, 'made_up', %s, {value}, {low}, {high}, %s, '')"
        for severity in ("critical", "warning", "info"):
            driver(session).execute(insert.encode(), (report.intake_id, f"a {severity}", severity))
        driver(session).execute(
            "insert into measure values (%s, 'made_up', 'good', 1, 1, 1, 'critical', ''), "
            "(%s, 'made_up', 'open', null, null, null, 'critical', '')",
            (report.intake_id, report.intake_id),
        )
    verdict = runtime.gate.judge_intake(report.intake_id, count + 5)
    assert verdict.reasons == ("made_up:a critical",)
    assert verdict.told == {"warning": ("made_up:a warning",), "info": ("made_up:a info",)}


def test_a_measure_that_is_gone_is_no_pass(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(runtime, tmp_path, rows=FEW)
    measure = measures.measure
    monkeypatch.setattr(measures, "measure", lambda *parts: measure(*parts) + 1)
    with pytest.raises(GateError, match=r"intake 1: not the 2\d measures"):
        feed.send(0)
    assert one(runtime, "select state from intake") == "reading"
    monkeypatch.undo()
    assert feed.send(0).state == "released"


# What is counted


def test_a_file_is_counted_once_however_often_its_reading_broke_off(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path, source="test", rows=60)
    feed.send(0)
    counted = ask(runtime, "select what, item, count from tally order by what, item")
    path = tmp_path / "again.csv"
    path.write_text((tmp_path / "day-0.csv").read_text().replace("\n0-", "\n00-"))
    assert reader(runtime, path, feed.mapping, chunk=7, chunks=3).wait(timeout=60) == -9
    assert ask(runtime, "select state, rows from intake where id = 2") == [("reading", 21)]
    report = intake.ingest_file(runtime, path, source="test", mapping=feed.mapping, as_of=MONDAY)
    assert (report.intake_id, report.accepted) == (2, report.rows)
    recounted = ask(runtime, "select what, item, count from tally where intake_id = 2 order by what, item")
    assert recounted == counted
    assert ("=channel", "web", 37) in counted


def test_no_personal_value_is_among_the_counts(runtime: Runtime, tmp_path: Path) -> None:
    feed = Feed(runtime, tmp_path, rows=FEW)
    rows = feed.day(0)
    for row in rows:
        row["note"] = row["email"] or f"call Ada {row['id']}"
    feed.send(0, rows=rows)
    (kept,) = ask(runtime, "select string_agg(what || '=' || item, ' ') from tally")
    assert "=note=*" in str(kept)
    for word in ("example.org", "Ada", *(f"={row['who']} " for row in rows)):
        assert word not in f"{kept} "
